// The SDK's promise hook is off unless somebody wants stack traces. This is also how we hear of an SDK that
// begins its workflow thread in another way: then the hook would be back, unasked.

import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { until, type Process } from "../support/processes.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let worker: Process;

beforeAll(async () => {
  world = await openWorld();
}, 180_000);
afterEach(() => worker?.kill());
afterAll(() => world?.close());

/** Of a run that waits for its model. */
async function stackTrace(): Promise<string> {
  await world.model.script([{ hold: true, reply: { text: "Done." } }]);
  const { runId } = await world.client.start({ task: "Wait.", tenant: "test", session: "test" });
  await until("the request is on hold", async () =>
    (await world.model.requests()).some(({ state }) => state === "held"),
  );
  const trace = await withTemporalClient(world.temporal, (client) =>
    client.workflow.getHandle(runId).query<string>("__stack_trace"),
  ).catch(String);
  await world.model.release();
  await world.client.result(runId);
  return trace;
}

test("a worker keeps no stack of each promise, and says so without a word at its start", async () => {
  worker = await world.startWorker();
  expect(await stackTrace()).toMatch(/stack traces are not enabled/);
  expect(worker.lines.filter((line) => !line.startsWith("{"))).toEqual([]);
}, 120_000);

test("PAWL_STACK_TRACES=1 brings them back", async () => {
  worker = await world.startWorker({ PAWL_STACK_TRACES: "1" });
  expect(await stackTrace()).toMatch(/agentRun|agent-run/);
}, 120_000);
