// A world whose model is a server of one's own, known to Pawl by a models.json alone, with the timers that users have:
// what a run under them costs, and what it is told.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOrder } from "../../src/client/run-order.ts";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import { createLedger, type RunTotals } from "../../src/store/ledger.ts";
import { openWorld, type World } from "./world.ts";

export interface OwnModel {
  readonly url: string;
  readonly key: string | undefined;
  readonly name: string;
  /** As its file says, which may be wrong. */
  readonly contextTokens: number;
}

export interface OwnRun {
  readonly result: RunResult;
  readonly events: readonly RunEvent[];
}

export interface OwnModelWorld {
  readonly env: NodeJS.ProcessEnv;
  /** `said`: one more message for each turn that begins, as long as there are some. */
  readonly run: (
    order: Partial<RunOrder> & { task: string },
    said?: readonly string[],
  ) => Promise<OwnRun>;
  readonly totals: (runId: string) => Promise<RunTotals>;
  close(): Promise<void>;
}

/** What other worlds shorten is as users have it. */
const AS_SHIPPED: NodeJS.ProcessEnv = {
  PAWL_HEARTBEAT_TIMEOUT_MS: undefined,
  PAWL_FIRST_BYTE_TIMEOUT_MS: undefined,
  PAWL_IDLE_TIMEOUT_MS: undefined,
  PAWL_PROGRESS_TIMEOUT_MS: undefined,
  PAWL_CALL_TIMEOUT_MS: undefined,
  PAWL_WRAP_UP: undefined,
};

export async function openOwnModelWorld(model: OwnModel): Promise<OwnModelWorld> {
  const { url, key, name, contextTokens } = model;
  const dir = mkdtempSync(join(tmpdir(), "pawl-own-model-"));
  const file = join(dir, "models.json");
  const spec = { contextTokens, replyTokens: 1024, free: true };
  const tiers = { simple: name, medium: name, complex: name };
  writeFileSync(file, JSON.stringify({ models: { [name]: spec }, tiers }));
  const world = await openWorld({
    env: {
      ...AS_SHIPPED,
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: undefined,
      ANTHROPIC_AUTH_TOKEN: key,
      PAWL_OFFLINE_MODEL: "0",
      PAWL_MODELS_FILE: file,
      // Of what is free the smallest cap is enough.
      PAWL_RUN_CAP_USD: "0.000001",
    },
  });
  await world.startWorker();
  return {
    env: world.env,
    run: async (order, said = []) => await run(world, order, said),
    totals: async (runId) => await createLedger(world.db).totals(runId),
    close: async () => {
      await world.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function run(
  { client }: World,
  order: Partial<RunOrder> & { task: string },
  said: readonly string[],
): Promise<OwnRun> {
  const { runId } = await client.start({ tenant: "test", session: "test", ...order });
  const left = [...said];
  const events: RunEvent[] = [];
  for await (const event of client.watch(runId)) {
    events.push(event);
    const text =
      event.type === "turn.started" && event.purpose === undefined ? left.shift() : undefined;
    if (text !== undefined) await client.say(runId, { text, by: "tester" });
  }
  return { result: await client.result(runId), events };
}
