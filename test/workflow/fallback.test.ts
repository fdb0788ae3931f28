// A run whose model takes no calls, or refuses, asks the next of its chain: priced, held and checked like any
// other call, and the offline model finds out where a model is shown what it may not be.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import {
  blocksSent,
  microUsd,
  openRunBench,
  PATIENT,
  type RunBench,
  type RunSeen,
} from "../support/run-bench.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const CALL = { name: "calculator", input: { expression: "6*7" } };
const step = (n: number) => ({ thinking: `thought ${n}`, text: `Step ${n}.`, toolCalls: [CALL] });
const DONE = { thinking: "the last thought", text: "All done." };
const ATTEMPTS = 3;
const ALWAYS = 1000;
/** More than the first model's worst case for a useful reply, less than that of its stand-in. */
const CAP_BETWEEN_MICRO_USD = 11_000;

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    env: {
      ...PATIENT,
      PAWL_FALLBACK_MODELS: "complex",
      PAWL_FALLBACK_AFTER_ATTEMPTS: String(ATTEMPTS),
      // The circuit opens where a test wants it to.
      PAWL_BREAKER_FAILURES: "4",
    },
  });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.db`delete from pawl.gate`;
});

const script = (...replies: readonly object[]): Promise<void> =>
  bench.world.model.script(replies.map((reply) => ({ reply })));
const modelOf = ({ body }: ModelRequestSeen): unknown =>
  (body as { model?: unknown } | undefined)?.model;
const modelsAsked = ({ requests }: RunSeen): readonly unknown[] =>
  requests.filter(({ fault }) => fault == null).map(modelOf);
const thinkingIn = (request: ModelRequestSeen): number =>
  blocksSent(request).filter(({ block }) => block.type === "thinking").length;
const changesIn = (events: readonly RunEvent[]) =>
  events.filter((event) => event.type === "model.changed");

/** Undisturbed but for errors that cost nothing: what is charged is what is billed. */
function expectExact({ result, billedMicroUsd }: RunSeen): void {
  expect(microUsd(result.costUsd)).toBe(billedMicroUsd);
  expect(result.crashTaxUsd).toBe(0);
}

describe("the next model of the chain is asked", () => {
  it("where the model is overloaded for some attempts, in the middle of a run", async () => {
    await script(step(1), step(2), DONE);
    await bench.world.model.faults([
      { kind: "overloaded", match: { model: SONNET }, skip: 1, times: ALWAYS },
    ]);
    const runId = await bench.start("Work on it.");
    const seen = await bench.ended(runId);
    expect(seen.result).toMatchObject({
      outcome: { kind: "answered" },
      answer: "All done.",
      models: { [SONNET]: 1, [OPUS]: 2 },
      modelAttempts: 3 + ATTEMPTS,
    });
    expect(modelsAsked(seen)).toEqual([SONNET, OPUS, OPUS]);
    const [, first, second] = seen.requests.filter(({ fault }) => fault == null);
    expect([thinkingIn(first!), thinkingIn(second!)]).toEqual([0, 1]);
    expectExact(seen);

    const events = await bench.events(runId);
    expect(changesIn(events)).toMatchObject([
      { turn: 2, from: SONNET, model: OPUS, reason: "overloaded" },
    ]);
    expect(bench.logged(runId, "model_retry")).toHaveLength(ATTEMPTS - 1);
    expect(events.filter(({ type }) => type === "run.waiting")).toEqual([]);
    const charges = events.filter((event) => event.type === "reply.finished");
    const sum = charges.reduce((total, { costUsd }) => total + microUsd(costUsd), 0);
    expect(sum).toBe(seen.billedMicroUsd);
    expect(bench.logged(runId, "model_changed")).toMatchObject([{ model: OPUS, from: SONNET }]);
  });

  it("M4: and what the attempts at the first one cost, whose replies broke off, is the run's", async () => {
    await bench.world.model.script([{ times: 10, reply: DONE }]);
    await bench.world.model.faults([
      { kind: "stream_error", match: { model: SONNET }, times: ATTEMPTS },
    ]);
    const runId = await bench.start("Work on it.");
    const { result, billedMicroUsd } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "answered" }, models: { [OPUS]: 1 } });
    const lost = microUsd(result.crashTaxUsd);
    expect(lost).toBeGreaterThan(ATTEMPTS * 4096 * 10);
    expect(microUsd(result.costUsd)).toBeGreaterThanOrEqual(billedMicroUsd);
    const last = (await bench.events(runId)).findLast((e) => e.type === "reply.finished");
    expect(last).toMatchObject({ spentUsd: result.costUsd });
  });

  it("at once where its circuit is open, without a request to it and without a wait", async () => {
    await bench.world.db`insert into pawl.gate (key, failures, down_since, next_probe_at)
      values (${`offline/${SONNET}`}, 9, now(), now() + interval '1 hour')`;
    await script(step(1), DONE);
    const runId = await bench.start("Work on it.");
    const seen = await bench.ended(runId);
    expect(seen.requests.map(modelOf)).toEqual([OPUS, OPUS]);
    expect(seen.result).toMatchObject({ models: { [OPUS]: 2 }, modelAttempts: 2, turns: 2 });
    expectExact(seen);
    const events = await bench.events(runId);
    expect(changesIn(events)).toMatchObject([{ turn: 1, reason: "down", model: OPUS }]);
    expect(events.filter(({ type }) => type === "run.waiting")).toEqual([]);
  });

  it("for good where the provider serves it no more, in the middle of a run", async () => {
    await script(step(1), step(2), DONE);
    await bench.world.model.faults([
      { kind: "model_retired", match: { model: SONNET }, skip: 1, times: ALWAYS },
    ]);
    const runId = await bench.start("Work on it.");
    const seen = await bench.ended(runId);
    expect(seen.result).toMatchObject({
      outcome: { kind: "answered" },
      models: { [SONNET]: 1, [OPUS]: 2 },
    });
    expect(seen.requests.map(modelOf)).toEqual([SONNET, SONNET, OPUS, OPUS]);
    expectExact(seen);
    expect(changesIn(await bench.events(runId))).toMatchObject([
      { turn: 2, from: SONNET, model: OPUS, reason: "retired" },
    ]);
  });

  it.each(["pre", "mid"])("F2: where it refuses (%s-stream), and keeps it", async (when) => {
    await script(step(1), step(2), step(3), DONE);
    await bench.world.model.faults([{ kind: "refusal", when, match: { model: SONNET }, skip: 1 }]);
    const runId = await bench.start("Work on it.");
    const seen = await bench.ended(runId);
    expect(seen.result).toMatchObject({
      outcome: { kind: "answered" },
      answer: "All done.",
      models: { [SONNET]: 2, [OPUS]: 2 },
      turns: 4,
    });
    expect(JSON.stringify(seen.requests.map(({ body }) => body))).not.toContain("I can begin");
    expectExact(seen);
    const events = await bench.events(runId);
    expect(changesIn(events)).toMatchObject([{ turn: 3, reason: "refused", model: OPUS }]);
  });
});

describe("the run goes back", () => {
  it("F4: and the first model finds its own thinking where it left it, and no other", async () => {
    await script(step(1), step(2), step(3), DONE);
    await bench.world.model.faults([
      { kind: "overloaded", match: { model: SONNET }, skip: 1, times: ATTEMPTS },
      { kind: "overloaded", match: { model: OPUS }, skip: 1, times: ATTEMPTS },
    ]);
    const runId = await bench.start("Work on it.");
    const seen = await bench.ended(runId);
    expect(seen.result).toMatchObject({ outcome: { kind: "answered" }, answer: "All done." });
    expect(modelsAsked(seen)).toEqual([SONNET, OPUS, SONNET, SONNET]);
    const heard = seen.requests.filter(({ fault }) => fault == null);
    expect(heard.map(thinkingIn)).toEqual([0, 0, 1, 2]);
    expectExact(seen);
    expect(changesIn(await bench.events(runId))).toMatchObject([
      { turn: 2, from: SONNET, model: OPUS },
      { turn: 3, from: OPUS, model: SONNET },
    ]);
  });
});

describe("the run waits or ends as it would without a chain", () => {
  it("F3: where it can't pay the stand-in, for its own model", async () => {
    await script(step(1), DONE);
    await bench.world.db`insert into pawl.gate (key, failures, down_since, next_probe_at)
      values (${`offline/${SONNET}`}, 9, now(), now() + interval '2 seconds')`;
    const limits = { costMicroUsd: CAP_BETWEEN_MICRO_USD };
    const runId = await bench.start("Work on it.", { limits });
    const seen = await bench.ended(runId);
    expect(modelsAsked(seen)).toEqual([SONNET, SONNET]);
    expect(seen.result).toMatchObject({ outcome: { kind: "answered" }, answer: "All done." });
    const events = await bench.events(runId);
    expect(events.find(({ type }) => type === "run.waiting")).toMatchObject({ reason: "capacity" });
  });

  it("where all of the chain refuse", async () => {
    await script(DONE, DONE);
    await bench.world.model.faults([{ kind: "refusal", when: "pre", times: 2 }]);
    const seen = await bench.run("Work on it.");
    expect(seen.result).toMatchObject({
      outcome: { kind: "refused", category: "cyber" },
      answer: null,
      modelCalls: 2,
    });
    expectExact(seen);
  });
});
