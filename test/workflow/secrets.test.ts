// Canaries: a provider that sends back the key it was sent, and tools that tell what they find.

import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import type { RunResult } from "../../src/domain/outcome.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { Process } from "../support/processes.ts";
import {
  END,
  openStream,
  refuse,
  START,
  startScriptedProvider,
  textBlock,
  type ScriptedProvider,
} from "../support/scripted-provider.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

const KEY = "key-of-canary/0123456789+=";
const CANARY = /canary|Y2FuYXJ5|2FuYXJ|NhbmFye|jYW5hcn/;

interface Told {
  readonly result: RunResult;
  readonly events: readonly RunEvent[];
  /** All that anybody can read of the run. */
  readonly everything: string;
}

async function told(world: World, worker: Process, agent: string): Promise<Told> {
  const order = { task: "Tell.", tenant: "t", session: "s", agent };
  const { runId } = await world.client.start(order);
  const events: RunEvent[] = [];
  for await (const event of world.client.watch(runId)) events.push(event);
  const result = await world.client.result(runId, AbortSignal.timeout(60_000));
  const rows = await world.db`select * from pawl.message where run_id = ${runId}`;
  const artefacts = await world.db`select * from pawl.artefact_piece where run_id = ${runId}`;
  const history = await world.client.exportHistories(runId);
  const payloads = JSON.stringify(history).replaceAll(/"data":"([^"]*)"/g, (_, data: string) =>
    Buffer.from(data, "base64").toString(),
  );
  const parts = [result, events, rows, artefacts, payloads, worker.lines];
  return { result, events, everything: parts.map((part) => JSON.stringify(part)).join("\n") };
}

describe("a provider that sends back the key", () => {
  let provider: ScriptedProvider;
  let world: World;
  let worker: Process;
  let speaks: "in an error" | "in a reply" = "in an error";

  beforeAll(async () => {
    provider = await startScriptedProvider((response, n) => {
      const { authorization = "", "x-api-key": key = "" } = provider.requests[n - 1]?.headers ?? {};
      const header = `${authorization}${String(key)}`;
      if (speaks === "in an error") {
        return refuse(response, 401, { type: "authentication_error", message: `no: ${header}` });
      }
      openStream(response).end(
        START + textBlock(0, "Your key is ", ...header.split(""), ".") + END,
      );
    });
    world = await openWorld({
      env: {
        ANTHROPIC_API_KEY: KEY,
        ANTHROPIC_BASE_URL: provider.url,
        PAWL_OFFLINE_MODEL: "0",
        PAWL_LOG_LEVEL: "trace",
      },
    });
    worker = await world.startWorker();
  });
  afterAll(async () => {
    await world?.close();
    await provider?.stop();
  });

  test("in an error is quoted without it, in outcome, history, log and events", async () => {
    speaks = "in an error";
    const { result, everything } = await told(world, worker, "assistant");
    expect(result.outcome).toMatchObject({ kind: "failed", code: "PROVIDER_AUTH" });
    expect(JSON.stringify(result.outcome)).toContain("no: ");
    expect(everything).not.toMatch(CANARY);
  });

  test("in a reply, letter by letter, is shown without it", async () => {
    speaks = "in a reply";
    const { result, events, everything } = await told(world, worker, "assistant");
    expect(result.answer).toMatch(/^Your key is .*\*{10}.*\.$/);
    const live = events.map((event) => (event.type === "reply.delta" ? event.text : "")).join("");
    expect(live).toBe(result.answer);
    expect(everything).not.toMatch(CANARY);
  });
});

describe("a tool", () => {
  let world: World;
  let worker: Process;

  beforeAll(async () => {
    world = await openWorld({
      workerMain: "test/support/leaky-worker.mjs",
      env: {
        ANTHROPIC_API_KEY: KEY,
        PAWL_LOG_LEVEL: "trace",
        PAWL_WEBHOOK_SECRET: "whsec_canary1",
      },
    });
    worker = await world.startWorker();
  });
  beforeEach(() => world.model.reset());
  afterAll(async () => await world?.close());

  test.each(["peek", "tell", "tell_at_length", "fail", "log"])(
    "%s finds no secret of its worker, and tells none",
    async (name) => {
      const toolCalls = [{ name, input: {} }];
      await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Done." } }]);
      const { result, everything } = await told(world, worker, "leaky");
      expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 1 });
      expect(everything).not.toMatch(CANARY);
      expect(everything).not.toContain(world.env["DATABASE_URL"]);
    },
  );

  // What is found would be shown without its value, so this looks for the names.
  test("finds no name of a secret in the environment of a worker that was made as the docs say", async () => {
    const toolCalls = [{ name: "peek_at_names", input: {} }];
    await world.model.script([{ reply: { toolCalls } }, { reply: { text: "Done." } }]);
    const { result, everything } = await told(world, worker, "leaky");
    expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 1 });
    expect(everything).toContain("PAWL_LOG_LEVEL");
    expect(everything).not.toMatch(/ANTHROPIC_API_KEY|DATABASE_URL|PAWL_WEBHOOK_SECRET/);
  });
});
