// What a run returns.

import { describe, expect, test } from "@jest/globals";
import type { Outcome, RunResult } from "../../../../src/domain/outcome.ts";
import { resultOf, withLedger } from "../../../../src/domain/run/result.ts";
import { newRun, type RunState } from "../../../../src/domain/run/state.ts";
import { calling, given, MODEL, replied, type Story } from "../../../support/run-story.ts";

const WHO = { runId: "run_1", traceId: "trace_1" };
const TOTALS = { spentMicroUsd: 0, crashTaxMicroUsd: 0, modelAttempts: 0 };

function ended(state: RunState, outcome: Outcome, ledger: typeof TOTALS | null = TOTALS) {
  return resultOf(WHO, state, { outcome, ledger, durationMs: 1234 });
}

const USAGE = {
  inputTokens: 10,
  cacheReadTokens: 200,
  cacheWrite5mTokens: 3000,
  cacheWrite1hTokens: 40_000,
  outputTokens: 5,
  webSearchRequests: 2,
};
const worked = () =>
  given()
    .asking(calling("calculator", "calculator"))
    .executing()
    .asking(replied("42", { usage: USAGE, costMicroUsd: 1 }));

test("an answered run gives its answer whole, and the ledger's totals in USD", () => {
  const ledger = { spentMicroUsd: 12_345, crashTaxMicroUsd: 345, modelAttempts: 2 };
  const expected: RunResult = {
    type: "result",
    ...WHO,
    outcome: { kind: "answered" },
    answer: "42",
    partial: false,
    usage: {
      inputTokens: 43_310,
      outputTokens: 25,
      cacheReadTokens: 200,
      cacheWriteTokens: 43_000,
      totalTokens: 43_335,
    },
    costUsd: 0.012345,
    crashTaxUsd: 0.000345,
    modelCalls: 2,
    modelAttempts: 2,
    toolCalls: 2,
    serverToolCalls: 2,
    turns: 2,
    durationMs: 1234,
    models: { [MODEL]: 2 },
    offline: true,
  };
  expect(ended(worked().state, { kind: "answered" }, ledger)).toEqual(expected);
});

test("until the ledger has spoken the run's own count stands", () => {
  expect(ended(worked().state, { kind: "answered" }, null)).toMatchObject({
    costUsd: 0.000601,
    modelAttempts: 2,
  });
});

describe("what is given out", () => {
  const stopped: Outcome = { kind: "stopped", limit: "cost", message: "used up" };
  const refused: Outcome = { kind: "refused", message: "no" };
  const failed: Outcome = { kind: "failed", code: "PROVIDER_AUTH", message: "401" };
  const found = () => given().asking(calling("calculator")).executing("found");
  const spoke = () =>
    given()
      .asking(words("so far", calling("calculator")))
      .executing("found");

  test.each<[string, () => Story, Outcome, string | null]>([
    ["a stopped run gives what it said", spoke, stopped, "so far"],
    ["or else what its tools found", found, stopped, "found"],
    ["or nothing at all", () => given(), stopped, null],
    ["a refused run gives what it said before", spoke, refused, "so far"],
    ["and never what its tools found", found, refused, null],
    ["a failed run gives what it said", spoke, failed, "so far"],
  ])("%s", (_, run, outcome, said) => {
    const result = ended(run().state, outcome);
    expect(result).toMatchObject({ answer: said, partial: said !== null });
  });
});

describe("a run that its provider failed", () => {
  const failed: Outcome = { kind: "failed", code: "PROVIDER_UNREACHABLE", message: "no answer" };
  const ledger = { spentMicroUsd: 45_000, crashTaxMicroUsd: 45_000, modelAttempts: 3 };
  const messageOf = (state: RunState, outcome: Outcome, totals = ledger) => {
    const result = ended(state, outcome, totals);
    return "message" in result.outcome ? result.outcome.message : "";
  };

  test("says that nothing was received, and what is set aside", () => {
    expect(messageOf(given().state, failed)).toBe(
      "no answer; nothing was received; $0.0450 is set aside for 3 lost attempts",
    );
    const once = { spentMicroUsd: 45_000, crashTaxMicroUsd: 45_000, modelAttempts: 1 };
    expect(messageOf(given().state, failed, once)).toMatch(/for 1 lost attempt$/);
  });

  test("and the record of it as well, once", () => {
    const draft = ended(given().state, failed, null);
    expect(draft.outcome).toEqual(failed);
    expect(withLedger(draft, ledger).outcome).toEqual(ended(given().state, failed, ledger).outcome);
  });

  test.each<[string, RunState, Outcome, typeof ledger]>([
    ["where nothing was lost", given().state, failed, TOTALS],
    ["where replies came", worked().state, failed, ledger],
    ["where it is not the provider's", given().state, { ...failed, code: "UNKNOWN_AGENT" }, ledger],
  ])("but not %s", (_, state, outcome, totals) => {
    expect(messageOf(state, outcome, totals)).toBe("no answer");
  });
});

test("a run that failed before it had an agent has a result too, with what the ledger knows", () => {
  const unknown: Outcome = { kind: "failed", code: "UNKNOWN_AGENT", message: "no agent x" };
  expect(ended(newRun(0), unknown)).toMatchObject({
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

function words(text: string, reply: ReturnType<typeof calling>) {
  const content = [{ type: "text", text }, ...reply.message.content];
  return { ...reply, message: { ...reply.message, content } };
}
