// A run that stops at a limit sums up first: one more call, tools off, out of what the calls before it
// left untouched. The cap holds all the same, and the limit stays the outcome.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import { expectOnlyGrowth, openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import type { ModelRequestSeen } from "../support/offline-model.ts";
import { slowTest } from "../support/tier.ts";

const TENANT_CAP_MICRO_USD = 60_000;

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({
    env: { ...PATIENT, PAWL_WRAP_UP: "1", PAWL_TENANT_DAY_CAP_USD: "100" },
  });
}, 180_000);
afterAll(() => bench?.close());

const SUMMARY = "So far: 6*7 is 42; the rest is open.";
const NOTE = "Sum up for the user";
const CALL = { name: "calculator", input: { expression: "6*7" } };
const step = { text: "I am on it. ".repeat(40), toolCalls: [CALL] };

beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.model.script([
    { times: 50, match: { contains: NOTE }, reply: { text: SUMMARY } },
    { times: 500, reply: step },
  ]);
});

const choiceOf = ({ body }: ModelRequestSeen): unknown =>
  (body as { tool_choice?: unknown } | undefined)?.tool_choice;

describe("a run that stops at a limit sums up, once, within the limit", () => {
  it.each<[string, NonNullable<RunOrder["limits"]>]>([
    ["cost", { costMicroUsd: 40_000 }],
    ["tokens", { tokens: 12_000 }],
    ["model_calls", { modelCalls: 4 }],
    ["tool_calls", { toolCalls: 3 }],
  ])("%s", async (limit, limits) => {
    const runId = await bench.start("Work on it.", { limits });
    const { result, requests, billedMicroUsd } = await bench.ended(runId);
    expect(result).toMatchObject({
      outcome: { kind: "stopped", limit },
      answer: SUMMARY,
      partial: true,
    });
    expect(requests.map(choiceOf).filter((choice) => choice !== undefined)).toEqual([
      { type: "none" },
    ]);
    expect(choiceOf(requests.at(-1)!)).toEqual({ type: "none" });
    expectOnlyGrowth(requests);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    expect(billedMicroUsd).toBeLessThanOrEqual(limits.costMicroUsd ?? Number.POSITIVE_INFINITY);
    expect(result.usage.totalTokens).toBeLessThanOrEqual(limits.tokens ?? Number.POSITIVE_INFINITY);
    expect(result.modelCalls).toBeLessThanOrEqual(limits.modelCalls ?? Number.POSITIVE_INFINITY);
    expect(result.turns).toBe(requests.length);

    const events = await bench.events(runId);
    const summing = events.filter((e) => e.type === "turn.started" && e.purpose === "wrap_up");
    expect(summing).toMatchObject([{ turn: requests.length }]);
    const charge = events.findLast((e) => e.type === "reply.finished");
    expect(charge).toMatchObject({ turn: requests.length, text: SUMMARY });
  });

  slowTest("when its turn comes, where the provider's rate limit is in use", async () => {
    await bench.world.model.limits({ requests: 4, filled: 0.8 });
    const { result, requests } = await bench.run("Work on it.", { limits: { modelCalls: 4 } });
    expect(result).toMatchObject({ outcome: { limit: "model_calls" }, answer: SUMMARY, turns: 4 });
    expect(requests.map(({ fault }) => fault)).toEqual([null, null, null, null]);
    const events = await bench.events(result.runId);
    const last = events.findLastIndex((e) => e.type === "run.waiting");
    expect(events[last]).toMatchObject({ reason: "capacity" });
    expect(events.slice(last).filter((e) => e.type === "reply.finished")).toHaveLength(1);
    await bench.world.db`update pawl.gate set metered_until = null`;
  });

  it("tenant_day: out of what is left of a cap that others share", async () => {
    const budget = { scope: "tenant_day", tenant: "poor" } as const;
    await bench.world.client.setBudget(budget, { microUsd: TENANT_CAP_MICRO_USD });
    const { result, billedMicroUsd } = await bench.run("Work on it.", { tenant: "poor" });
    expect(result).toMatchObject({
      outcome: { kind: "stopped", limit: "tenant_day" },
      answer: SUMMARY,
    });
    expect(billedMicroUsd).toBeLessThanOrEqual(TENANT_CAP_MICRO_USD);
  });
});

describe("without a summary, as before, ends a run", () => {
  it("that can't pay for one", async () => {
    const { result, requests } = await bench.run("Work on it.", { limits: { modelCalls: 1 } });
    expect(result).toMatchObject({ outcome: { limit: "model_calls" }, answer: step.text });
    expect(requests).toHaveLength(1);
  });

  it("whose last call fails", async () => {
    await bench.world.model.faults([{ kind: "auth", skip: 2 }]);
    const { result } = await bench.run("Work on it.", { limits: { modelCalls: 3 } });
    expect(result).toMatchObject({
      outcome: { kind: "stopped", limit: "model_calls" },
      answer: step.text,
      turns: 2,
    });
  });
});
