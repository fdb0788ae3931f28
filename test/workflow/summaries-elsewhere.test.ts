// A conversation is summed up also where the call goes to another model, or through the batch lane.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { microUsd, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until, type Process } from "../support/processes.ts";
import {
  asksForSummary,
  expectToPay,
  QUESTION,
  step,
  summed,
  sumUps,
  TIGHT,
} from "../support/summaries.ts";

let bench: RunBench;
let worker: Process;

beforeAll(async () => {
  bench = await openRunBench({
    workerMain: "test/support/tester-worker.mjs",
    chunkDelayMs: 0,
    env: {
      ...PATIENT,
      PAWL_RUN_CAP_USD: "100",
      PAWL_TENANT_DAY_CAP_USD: "1000",
      PAWL_AGENT_MAX_TOKENS: "1000000",
      PAWL_BATCH_FIRST_LOOK_MS: "300",
    },
  });
  worker = bench.worker;
}, 180_000);
afterAll(() => bench?.close());
beforeEach(() => bench.world.model.reset());

describe("in the batch lane a summary", () => {
  const order = { agent: "tester", limits: TIGHT, canWait: { forMs: null } };
  const start = async (delayMs: number): Promise<string> => {
    await bench.world.model.batchLane({ delayMs });
    await bench.world.model.script([
      { ...summed, times: 10 },
      { times: 11, reply: step },
      { match: { contains: "Hurry." }, reply: { text: "Hurried." } },
      { reply: { text: "Done." } },
    ]);
    return await bench.start("Turn the ratchet.", order);
  };

  it("costs half as well", async () => {
    const runId = await start(0);
    const { result, billedMicroUsd } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
    expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
    const events = await bench.events(runId);
    const [turn] = sumUps(events);
    const replies = events.filter((event) => event.type === "reply.finished");
    expect(replies.find((reply) => reply.turn === turn)).toMatchObject({ lane: "batch" });
    expectToPay(events, billedMicroUsd);
  });

  it("is made live once a person wants to be heard, who is heard behind it", async () => {
    const runId = await start(700);
    for await (const event of bench.world.client.watch(runId)) {
      if (event.type !== "turn.started" || event.purpose !== "summary") continue;
      await bench.world.model.batchLane({ delayMs: 3_600_000 });
      break;
    }
    await bench.world.client.say(runId, { text: "Hurry.", by: "tester", mode: "interrupt" });
    const live = await until("the summary is written", async () =>
      (await bench.world.model.requests()).find(
        (request) => request.runKey === runId && asksForSummary(request),
      ),
    );
    expect(JSON.stringify(live.body?.messages)).not.toContain("Hurry.");
    await bench.world.model.batchLane({ delayMs: 0 });
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Hurried." });
    const lanes = (await bench.world.model.billing(runId)).map(({ lane = "live" }) => lane);
    expect(lanes.filter((lane) => lane === "live")).toHaveLength(1);
  });
});

describe("a run with a stand-in", () => {
  it("asks that for the summary which its own model refuses, and goes on with it", async () => {
    await worker.stop();
    worker = await bench.world.startWorker({ PAWL_FALLBACK_MODELS: "complex" });
    const refused = { contains: QUESTION, model: "claude-sonnet-5-5" };
    await bench.world.model.script([
      { times: 10, match: refused, reply: { stopReason: "refusal" } },
      { ...summed, times: 10 },
      { times: 20, reply: step },
      { reply: { text: "Done." } },
    ]);
    const seen = await bench.run("Turn the ratchet.", { agent: "tester", limits: TIGHT });
    expect(seen.result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
    const summaries = seen.requests.filter(asksForSummary);
    expect(summaries.length).toBeGreaterThanOrEqual(3);
    expect(summaries.map(({ model }) => model)).toEqual([
      "claude-sonnet-5-5",
      ...summaries.slice(1).map(() => "claude-opus-5-5"),
    ]);
    const events = await bench.events(seen.result.runId);
    expect(events.filter(({ type }) => type === "model.changed")).toMatchObject([
      { reason: "refused", model: "claude-opus-5-5" },
    ]);
    expectToPay(events, seen.billedMicroUsd);
  });
});
