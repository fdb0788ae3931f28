// What a run has used, and the limits that this is held against.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Limit } from "../../../../src/domain/outcome.ts";
import { limitsNow, modelCallsOf, used } from "../../../../src/domain/run/counts.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { calling, denied, given, replied, SNAPSHOT } from "../../../support/run-story.ts";

const HAIKU = "claude-haiku-5-5";

test("adds up what calls used, crash tax included", () => {
  const run = given()
    .asking({ ...calling("nothing"), costMicroUsd: 500, crashTaxMicroUsd: 40, attempts: 3 })
    .asking({ ...calling("nothing"), costMicroUsd: 60, model: HAIKU })
    .asking({ ...calling("nothing"), costMicroUsd: 0 });
  expect(run.memory().counts).toMatchObject({
    turn: 3,
    spentMicroUsd: 600,
    crashTaxMicroUsd: 40,
    attempts: 5,
    models: { [SNAPSHOT.model]: 2, [HAIKU]: 1 },
  });
  expect(used(run.memory())).toMatchObject({ costMicroUsd: 600, modelCalls: 3 });
});

test("a call that came to nothing is no turn, and its lost attempts cost", () => {
  const run = given()
    .asking({ kind: "interrupted", crashTaxMicroUsd: 30 })
    .asking(denied({ why: "size", limit: "tokens", crashTaxMicroUsd: 4 }));
  expect(run.memory().counts).toMatchObject({ turn: 0, spentMicroUsd: 34, crashTaxMicroUsd: 34 });
});

test("takes over the cap as the worker saw it last", () => {
  const lowered = given().asking({ ...calling("nothing"), costCapMicroUsd: 300_000 });
  expect(limitsNow(lowered.memory()).costMicroUsd).toBe(300_000);
  const raised = lowered.asking({ ...calling("nothing"), costCapMicroUsd: 900_000 });
  expect(limitsNow(raised.memory()).costMicroUsd).toBe(900_000);
});

test("counts never fall, and every reply is counted once", () => {
  const replies = fc.array(
    fc.record({
      costMicroUsd: fc.nat(1000),
      crashTaxMicroUsd: fc.nat(1000),
      attempts: fc.integer({ min: 1, max: 8 }),
      model: fc.constantFrom(HAIKU, "claude-opus-5-5"),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(replies, (calls) => {
      const run = calls.reduce(
        (story, more) => story.asking({ ...calling("nothing"), ...more }),
        given(),
      );
      const { counts } = run.memory();
      const sum = (of: (call: (typeof calls)[number]) => number): number =>
        calls.reduce((total, call) => total + of(call), 0);
      expect(counts.spentMicroUsd).toBe(sum((c) => c.costMicroUsd + c.crashTaxMicroUsd));
      expect(counts.attempts).toBe(sum((c) => c.attempts));
      expect(modelCallsOf(counts)).toBe(calls.length);
    }),
  );
});

describe("a person who lets a run go on at a limit", () => {
  const parkedAt = (limit: Limit) =>
    given({}, { onLimit: "pause" }).and({
      kind: "waits",
      wait: { reason: "budget", message: "", nextAttemptAt: null, limit },
    });

  test.each<[Limit, number]>([
    ["model_calls", 2],
    ["tokens", 2],
    ["tool_calls", 2],
    ["cost", 1],
    ["tenant_day", 1],
  ])("%s: counts of its own have %i shares then; its cost cap stays", (limit, shares) => {
    const { limits } = SNAPSHOT;
    expect(limitsNow(parkedAt(limit).and({ kind: "resumed" }).memory())).toEqual({
      ...limits,
      tokens: limits.tokens * shares,
      modelCalls: limits.modelCalls * shares,
      toolCalls: limits.toolCalls * shares,
    });
  });

  test.each<[string, readonly RunFact["kind"][], number]>([
    ["once", ["resumed"], 1],
    ["twice", ["resumed", "resumed"], 1],
    ["as the time is over", ["resumed", "waited"], 1],
    ["as the time is over, told later", ["waited", "resumed"], 1],
    ["as it looks again", ["lookedAgain", "resumed", "resumed"], 1],
    ["not at all", ["waited"], 0],
  ])("gives one share for one wait: %s", (_, kinds, shares) => {
    const facts = kinds.map((kind) => ({ kind }) as RunFact);
    expect(
      parkedAt("tokens")
        .and(...facts)
        .memory().counts.extensions,
    ).toBe(shares);
  });

  test("gives none to a run that does not wait, or works again", () => {
    expect(given().and({ kind: "resumed" }).memory().counts.extensions).toBe(0);
    const run = parkedAt("tokens").and({ kind: "waited" });
    const works = run.asking({ kind: "resumed" }, calling("nothing"));
    expect(works.and({ kind: "resumed" }).memory().counts.extensions).toBe(0);
  });
});

describe("a cap that may have been raised", () => {
  const fallbacks = { chains: { [SNAPSHOT.model]: [HAIKU] }, attemptsMax: 2, prices: {} };
  const parked = () =>
    given({ fallbacks }, { onLimit: "pause" })
      .asking({ ...calling("nothing"), costMicroUsd: 1_000_000 })
      .standing();

  test.each<[string, RunFact]>([
    ["a person interrupts", { kind: "interrupted", crashTaxMicroUsd: 0 }],
    ["another model is to be asked", denied({ why: "down", notBefore: "2026-11-26T12:00:00Z" })],
  ])("is left to the ledger until a reply brings it, also where %s", (_, fact) => {
    const run = parked().and({ kind: "lookedAgain" });
    expect(run.step().kind).toBe("ask");
    expect(run.asking(fact).step().kind).toBe("ask");
  });

  test("and where the ledger says that nothing is left, the run waits on", () => {
    const run = parked().and({ kind: "lookedAgain" });
    const spent = denied({ why: "cap", limit: "cost", resetsAt: null });
    expect(run.asking(spent).wait()).toMatchObject({ reason: "budget", limit: "cost" });
    const dear = run.asking({ ...replied(""), costCapMicroUsd: 1_000_000 });
    expect(dear.wait()).toMatchObject({ reason: "budget", limit: "cost" });
  });
});
