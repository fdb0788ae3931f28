// A deploy changes the prompt, the tools, the limits and the model for runs that begin after it. A run
// under way keeps what it began with, to the byte: its thinking is bound to it, and so is its cache.

import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { expectOnlyGrowth, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    workerMain: "test/support/tester-worker.mjs",
    env: { ...PATIENT, PAWL_HISTORY_MAX_EVENTS: "30" },
  });
}, 180_000);
afterAll(() => bench?.close());

const CALL = { name: "inline_text", input: { bytes: 100 } };
const step = { reply: { thinking: "One more.", text: "On it.", toolCalls: [CALL] } };
const done = { reply: { text: "Done." } };
const order = { agent: "tester" };

describe("a run that is under way when another release is deployed", () => {
  it("keeps its prompt, its tools, its limits and its model; the next run has the new ones", async () => {
    // The reply on hold is lost with the worker.
    await bench.world.model.script([
      step,
      step,
      { ...step, hold: true },
      step,
      step,
      step,
      done,
      done,
    ]);
    const runId = await bench.start("Go on.", order);
    await until("the third reply is on hold", async () =>
      (await bench.world.model.requests()).some(
        (request) => request.runKey === runId && request.state === "held",
      ),
    );
    await bench.worker.kill();
    await bench.world.model.release();
    await bench.world.startWorker({
      TESTER_RELEASE: "2",
      PAWL_AGENT_MODEL: "claude-haiku-5-5",
      PAWL_AGENT_MAX_CALLS: "1",
      PAWL_COMPACTION: "0",
    });
    const { result, requests } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, turns: 6 });
    expect(Object.keys(result.models)).toEqual(["claude-sonnet-5-5"]);
    expectOnlyGrowth(requests);
    const { histories } = await bench.world.client.exportHistories(runId);
    expect(histories.length).toBeGreaterThan(1);

    const next = await bench.run("Go on.", order);
    expect(Object.keys(next.result.models)).toEqual(["claude-haiku-5-5"]);
    const [before] = requests;
    const [after] = next.requests;
    expect(after?.body?.system).not.toEqual(before?.body?.system);
    expect(after?.body?.tools).not.toEqual(before?.body?.tools);
  });
});
