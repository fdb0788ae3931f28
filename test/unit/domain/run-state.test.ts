import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Outcome, RunResult } from "../../../src/domain/outcome.ts";
import type { LedgerTotals } from "../../../src/domain/outcome.ts";
import { letGoOn, openingState, takeReply } from "../../../src/domain/run-state.ts";
import { limitsNow, used } from "../../../src/domain/run/counts.ts";
import { resultOf } from "../../../src/domain/run/result.ts";
import type { RunState } from "../../../src/domain/run/state.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { aReply, aSnapshot } from "../../support/replies.ts";

const WHO = { runId: "run_1", traceId: "trace_1" };
const TOTALS: LedgerTotals = { spentMicroUsd: 0, crashTaxMicroUsd: 0, modelAttempts: 0 };

function opened(): RunState {
  return openingState({ snapshot: aSnapshot(), head: "head_0", taskRef: "ref_task" }, 1000);
}

function ended(state: RunState | null, outcome: Outcome, ledger = TOTALS): RunResult {
  return resultOf(WHO, state, { outcome, ledger, durationMs: 1234 });
}

describe("the opening state", () => {
  test("holds the task by reference and has used nothing", () => {
    const state = opened();
    expect(state).toMatchObject({ head: "head_0", entries: [{ ref: "ref_task" }], execution: 0 });
    expect(used(state)).toEqual({ costMicroUsd: 0, tokens: 0, modelCalls: 0, toolCalls: 0 });
    expect(limitsNow(state)).toEqual(state.snapshot.limits);
  });

  test("can be carried to a fresh history as JSON", () => {
    const state = opened();
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

describe("takeReply", () => {
  test("moves the head, weighs the transcript and clears what was new", () => {
    const state = opened();
    const usage = { ...NO_USAGE, inputTokens: 100, cacheReadTokens: 20, outputTokens: 7 };
    takeReply(state, aReply({ head: "head_1", usage }));
    expect(state).toMatchObject({ head: "head_1", headTokens: 127, entries: [] });
  });

  test("adds up what the calls used, crash tax included", () => {
    const state = opened();
    takeReply(state, aReply({ costMicroUsd: 500, crashTaxMicroUsd: 40, attempts: 3 }));
    takeReply(state, aReply({ costMicroUsd: 60, model: "claude-haiku-5-5" }));
    takeReply(state, aReply({ costMicroUsd: 0 }));
    expect(state).toMatchObject({
      spentMicroUsd: 600,
      crashTaxMicroUsd: 40,
      modelCalls: 3,
      modelAttempts: 5,
      models: { "claude-sonnet-5-5": 2, "claude-haiku-5-5": 1 },
    });
    expect(used(state)).toMatchObject({ costMicroUsd: 600, modelCalls: 3 });
  });

  test("takes over the caps as the worker saw them last", () => {
    const state = opened();
    const near = { limit: "tenant_day", used: 9, cap: 10 } as const;
    takeReply(state, aReply({ costCapMicroUsd: 300_000, nearCaps: [near] }));
    expect(limitsNow(state).costMicroUsd).toBe(300_000);
    expect(state.nearCaps).toEqual([near]);
    takeReply(state, aReply({ costCapMicroUsd: 900_000 }));
    expect(limitsNow(state).costMicroUsd).toBe(900_000);
    expect(state.nearCaps).toEqual([]);
  });

  test("a new answer replaces the last, one that continues it is joined to it", () => {
    const state = opened();
    takeReply(state, aReply({ text: "Let me see." }));
    takeReply(state, aReply({ text: "The answer " }));
    expect(state.answer).toBe("The answer ");
    state.continued = 1;
    takeReply(state, aReply({ text: "is 42" }));
    state.continued = 2;
    takeReply(state, aReply({ text: "." }));
    expect(state.answer).toBe("The answer is 42.");
  });

  test("a reply without text leaves the answer alone", () => {
    const state = opened();
    takeReply(state, aReply({ text: "" }));
    expect(state.answer).toBeNull();
    takeReply(state, aReply({ text: "so far" }));
    takeReply(state, aReply({ text: "" }));
    expect(state.answer).toBe("so far");
  });

  test("the first words may come with a continuation", () => {
    const state = opened();
    state.continued = 1;
    takeReply(state, aReply({ text: "at last" }));
    expect(state.answer).toBe("at last");
  });

  test("counts never fall, and every reply is counted once", () => {
    const replies = fc.array(
      fc.record({
        costMicroUsd: fc.nat(1000),
        crashTaxMicroUsd: fc.nat(1000),
        attempts: fc.integer({ min: 1, max: 8 }),
        model: fc.constantFrom("claude-haiku-5-5", "claude-opus-5-5"),
      }),
    );
    fc.assert(
      fc.property(replies, (calls) => {
        const state = opened();
        for (const call of calls) takeReply(state, aReply(call));
        const sum = (of: (call: (typeof calls)[number]) => number): number =>
          calls.reduce((total, call) => total + of(call), 0);
        expect(state.spentMicroUsd).toBe(sum((c) => c.costMicroUsd + c.crashTaxMicroUsd));
        expect(state.modelAttempts).toBe(sum((c) => c.attempts));
        expect(Object.values(state.models).reduce((a, b) => a + b, 0)).toBe(calls.length);
      }),
    );
  });
});

test("each time a person lets a run go on at a limit of its own, its counts have one more share; its cost cap has not", () => {
  const state = opened();
  const { limits } = state.snapshot;
  for (const limit of ["model_calls", "tokens", "cost", "tenant_day", "provider_spend"] as const) {
    letGoOn(state, limit);
  }
  expect(limitsNow(state)).toEqual({
    ...limits,
    tokens: limits.tokens * 3,
    modelCalls: limits.modelCalls * 3,
    toolCalls: limits.toolCalls * 3,
  });
});

describe("resultOf", () => {
  test("an answered run gives its answer whole, and the ledger's totals in USD", () => {
    const state = opened();
    const usage = {
      inputTokens: 10,
      cacheReadTokens: 200,
      cacheWrite5mTokens: 3000,
      cacheWrite1hTokens: 40_000,
      outputTokens: 5,
      webSearchRequests: 2,
    };
    takeReply(state, aReply({ text: "42", usage, costMicroUsd: 1 }));
    state.turn = 1;
    state.toolCalls = 4;
    const ledger = { spentMicroUsd: 12_345, crashTaxMicroUsd: 345, modelAttempts: 2 };
    expect(ended(state, { kind: "answered" }, ledger)).toEqual({
      type: "result",
      ...WHO,
      outcome: { kind: "answered" },
      answer: "42",
      partial: false,
      usage: {
        inputTokens: 43_210,
        outputTokens: 5,
        cacheReadTokens: 200,
        cacheWriteTokens: 43_000,
        totalTokens: 43_215,
      },
      costUsd: 0.012345,
      crashTaxUsd: 0.000345,
      modelCalls: 1,
      modelAttempts: 2,
      toolCalls: 4,
      serverToolCalls: 2,
      turns: 1,
      durationMs: 1234,
      models: { "claude-sonnet-5-5": 1 },
    });
  });

  const stopped: Outcome = { kind: "stopped", limit: "cost", message: "used up" };

  const refused: Outcome = { kind: "refused", message: "no" };
  const failed: Outcome = { kind: "failed", code: "PROVIDER_AUTH", message: "401" };
  const spoken = { answer: "so far", findings: "found" };

  test.each<[string, Pick<RunState, "answer" | "findings">, Outcome, string | null]>([
    ["a stopped run gives what it said", spoken, stopped, "so far"],
    ["or else what its tools found", { answer: null, findings: "found" }, stopped, "found"],
    ["or nothing at all", { answer: null, findings: null }, stopped, null],
    ["what was said before a refusal is not given out", spoken, refused, null],
    ["a failed run gives what it said", spoken, failed, "so far"],
  ])("%s", (_, heard, outcome, said) => {
    const result = ended({ ...opened(), ...heard }, outcome);
    expect(result).toMatchObject({ answer: said, partial: said !== null });
  });

  test("a run that failed before it had an agent has a result too, with what the ledger knows", () => {
    const unknown: Outcome = { kind: "failed", code: "UNKNOWN_AGENT", message: "no agent x" };
    expect(ended(null, unknown)).toMatchObject({
      outcome: unknown,
      answer: null,
      partial: false,
      costUsd: 0,
      modelCalls: 0,
      turns: 0,
      models: {},
      usage: { totalTokens: 0 },
    });
  });
});
