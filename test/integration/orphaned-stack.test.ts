// A local stack whose supervisor was killed, where no further command comes: its parts end by themselves,
// but not while a run is open. With the real Temporal, PGlite, offline model and worker.

import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../../src/client/connect.ts";
import { createRunClient } from "../../src/client/run-client.ts";
import { readConfig } from "../../src/config.ts";
import type { PartName } from "../../src/dev/part.ts";
import { isAlive, markOf, type ProcessMark } from "../../src/dev/process-mark.ts";
import { liveStack, type StackState } from "../../src/dev/stack-state.ts";
import {
  endRun,
  isOpen,
  openStackFolder,
  PLAIN_ENV,
  queryStack,
  startRun,
  type StackFolder,
} from "../support/local-stack.ts";
import { until } from "../support/processes.ts";

jest.setTimeout(240_000);

/** Longer than a busy machine takes from one line of a test to the next. */
const SHORT_IDLE = { env: { PAWL_STACK_IDLE_MINUTES: "0.25" } };
const IDLE_MS = 15_000;
/** Idle time, one look more, and the end of each process in its turn. */
const GONE_WITHIN_MS = 90_000;

let stack: StackFolder;
beforeEach(() => {
  stack = openStackFolder();
});
afterEach(() => stack.close());

async function killSupervisor(state: StackState): Promise<readonly ProcessMark[]> {
  const parts = Object.values(state.children).flatMap((pid) => markOf(pid) ?? []);
  process.kill(state.pid, "SIGKILL");
  await until("the supervisor is gone", () => liveStack(stack.stateDir) === undefined);
  return parts;
}

const untilGone = (): Promise<true> =>
  until("every process is gone", () => stack.living().length === 0, GONE_WITHIN_MS);

function lastLog(): string {
  return readFileSync(join(stack.stateDir, "stack.log"), "utf8").trimEnd().split("\n").at(-1) ?? "";
}

test("all parts of a stack without a run end when its idle time is over, and nothing is lost", async () => {
  const parts: readonly PartName[] = ["temporal", "postgres", "model", "worker", "gateway"];
  const first = await stack.ensure({ ...SHORT_IDLE, parts });
  await queryStack(first, "create table kept (n int)");
  await queryStack(first, "insert into kept values (7)");
  await killSupervisor(first);
  await untilGone();
  expect(lastLog()).toContain('"why":"orphaned_idle"');

  const second = await stack.ensure();
  expect(second.temporalAddress).toBe(first.temporalAddress);
  expect(await queryStack(second, "select n from kept")).toEqual([{ n: 7 }]);
});

test("an open run keeps all parts; they end when it has", async () => {
  const state = await stack.ensure(SHORT_IDLE);
  await startRun(state, "still-open");
  const parts = await killSupervisor(state);
  const killedAt = Date.now();
  await until("the idle time has passed", () => Date.now() - killedAt > 1.4 * IDLE_MS);
  expect(parts.filter(isAlive)).toHaveLength(2);
  expect(await isOpen(state, "still-open")).toBe(true);
  await endRun(state, "still-open");
  await untilGone();
});

test("a run that is under way is answered before the parts end", async () => {
  const parts: readonly PartName[] = ["temporal", "postgres", "model", "worker"];
  const state = await stack.ensure({ ...SHORT_IDLE, parts });
  const pace = { chunkDelayMs: 700, chunkChars: 4 };
  await fetch(`${state.modelUrl}/admin/pace`, { method: "PUT", body: JSON.stringify(pace) });
  const { temporalAddress, databaseUrl } = state;
  const config = readConfig(PLAIN_ENV);
  const client = createRunClient(await connect(config, { temporalAddress, databaseUrl }));
  try {
    const { runId } = await client.start({
      task: "What is 17 % of 2,340?",
      tenant: "local",
      session: "local",
    });
    const left = await killSupervisor(state);
    const { outcome } = await client.result(runId);
    expect(outcome).toMatchObject({ kind: "answered" });
    expect(left.filter(isAlive)).toHaveLength(4);
  } finally {
    await client.close();
  }
  await untilGone();
});

test("what is left of a stack ends at once where nobody starts again what died, and the run goes on later", async () => {
  const state = await stack.ensure();
  await startRun(state, "still-open");
  const { postgres } = state.children;
  await killSupervisor(state);
  process.kill(state.children["temporal"] ?? 0, "SIGKILL");
  await until("the rest has ended", () => postgres !== undefined && !markOf(postgres), 60_000);
  expect(lastLog()).toContain('"why":"orphaned_part_gone"');
  expect(await isOpen(await stack.ensure(), "still-open")).toBe(true);
});

test("where the part that keeps watch dies too, another one ends what is left", async () => {
  const state = await stack.ensure({ parts: ["temporal", "postgres", "model"] });
  await killSupervisor(state);
  process.kill(state.children["postgres"] ?? 0, "SIGKILL");
  await untilGone();
});
