// Which model a run wants for its next call, by each policy, and what is told of that.

import { SHIPPED_MODELS } from "../../../../src/domain/model-table.ts";
import { describe, expect, test } from "@jest/globals";
import type { Reply } from "../../../../src/domain/call.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { choiceIn, excerptOf, modelsFor } from "../../../../src/domain/run/routing.ts";
import type { Routing, Snapshot } from "../../../../src/domain/run/snapshot.ts";
import { NO_USAGE } from "../../../../src/domain/usage.ts";
import {
  calling,
  denied,
  given,
  MODEL as SONNET,
  replied,
  said,
  SNAPSHOT,
  textsIn,
  weighing,
  type Story,
} from "../../../support/run-story.ts";

const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";

function opened(policy: Routing["policy"], more: Partial<Snapshot> & { tokens?: number } = {}) {
  const { tokens: openingTokens = 100, ...snapshot } = more;
  return given({
    ...snapshot,
    routing: { policy, models: modelsFor(SHIPPED_MODELS, SONNET), openingTokens },
  });
}

const courseOf = (run: Story) => run.call().course;

describe("by the size of the context", () => {
  test.each<[number, string]>([
    [100, HAIKU],
    [8000, HAIKU],
    [8001, SONNET],
    [50_000, SONNET],
    [50_001, OPUS],
  ])("a prompt of %d tokens goes to %s", (tokens, model) => {
    expect(courseOf(opened("by-context-size", { tokens }))).toMatchObject({
      model,
      change: { reason: "routed", message: expect.stringContaining(`${tokens} tokens`) },
    });
  });

  test("a conversation that grows moves up, tells it, and never moves back", () => {
    const run = opened("by-context-size");
    expect(courseOf(run).model).toBe(HAIKU);
    const grown = run.asking({ ...weighing(9000, calling("nothing")), model: HAIKU });
    expect(courseOf(grown)).toMatchObject({
      model: SONNET,
      change: { from: HAIKU, reason: "routed" },
    });
    const small = grown.asking(weighing(500, calling("nothing")));
    expect(courseOf(small).model).toBe(SONNET);
    expect(courseOf(small).change).toBeUndefined();
  });
});

describe("by a classifier", () => {
  const judged = (text: string) => opened("by-classifier").asking(replied(text));

  test("a small model is asked first, about the task alone, and nothing is waited for or warned of", () => {
    const run = opened("by-classifier", { cacheTtl: "1h" });
    const call = run.call();
    expect(call).toMatchObject({
      turn: 1,
      purpose: { kind: "route" },
      lane: "live",
      headTokens: 0,
      course: { model: HAIKU, wanted: HAIKU, why: "" },
      warnings: [],
    });
    expect(call.cacheTtl).toBeUndefined();
    expect(textsIn(call)).toEqual([excerptOf(run.order.task)]);
  });

  test.each([
    ["simple", HAIKU],
    ["medium", SONNET],
    ["complex", OPUS],
  ])(
    "a task that is %s goes to %s, and that is told, also where it is the run's own",
    (tier, model) => {
      const run = judged(`{"tier":"${tier}","reason":"so it is"}`);
      const change = { reason: "routed", message: `by-classifier: ${tier}, so it is` };
      expect(run.call()).toMatchObject({ turn: 2, purpose: { kind: "work" } });
      expect(courseOf(run)).toMatchObject({ model, change });
      expect(courseOf(run.asking({ ...calling("nothing"), model })).change).toBeUndefined();
    },
  );

  test("its reply is a turn and a charge, and no part of the conversation", () => {
    const run = opened("by-classifier").asking(replied('{"tier":"simple"}', { costMicroUsd: 9 }));
    expect(run.memory().counts).toMatchObject({ turn: 1, spentMicroUsd: 9 });
    expect(run.memory().talk).toMatchObject({ head: "genesis", headTokens: 0, answer: null });
    expect(textsIn(run.call())).toEqual(["task"]);
  });

  test.each<[string, RunFact, string]>([
    ["it answers otherwise", replied("I'd say simple"), "the classifier did not answer as asked"],
    ["it is denied", denied({ why: "holds", limit: "tenant_day", message: "busy" }), "busy"],
    ["it fails", { kind: "failed", code: "X", message: "" }, "the classifier failed"],
    ["it is stopped", { kind: "interrupted", crashTaxMicroUsd: 5 }, "the classifier was stopped"],
  ])("where %s the run goes on, in the medium tier", (_, result, why) => {
    const run = opened("by-classifier").asking(result);
    expect(run.call()).toMatchObject({
      turn: 2,
      purpose: { kind: "work" },
      course: { model: SONNET, why: `by-classifier: medium, ${why}` },
    });
  });

  test("a run that has hardly a call to make is not classified, nor one that is under way", () => {
    const limits = { ...SNAPSHOT.limits, modelCalls: 2 };
    expect(opened("by-classifier", { limits }).call().purpose.kind).toBe("work");
    expect(judged('{"tier":"simple"}').asking(calling("nothing")).call().purpose.kind).toBe("work");
    expect(opened("per-turn").call().purpose.kind).toBe("work");
  });

  test.each<[string, unknown]>([
    ['{"tier":"simple","reason":"one sum"}', { tier: "simple", why: "one sum" }],
    ['{"tier":"complex"}', { tier: "complex", why: "" }],
    ['{"tier":"simple","reason":7}', { tier: "simple", why: "" }],
  ])("%s is read as it was asked for", (text, choice) => {
    expect(choiceIn(text)).toEqual(choice);
  });

  test.each(['{"tier":"giant","reason":"x"}', "simple", '{"tier":', "null", ""])(
    "%s is no choice",
    (text) => {
      const why = "the classifier did not answer as asked";
      expect(choiceIn(text)).toEqual({ tier: "medium", why });
    },
  );

  test("a reason is short, and a long task is shown by its beginning", () => {
    const { why } = choiceIn(JSON.stringify({ tier: "simple", reason: "y".repeat(5000) }));
    expect(why.length).toBeLessThanOrEqual(200);
    const excerpt = excerptOf("x".repeat(100_000));
    expect(excerpt.length).toBeLessThan(5000);
    expect(excerpt).toMatch(/^<task>\nx+…\n<\/task>$/);
  });
});

describe("per turn", () => {
  const works = (...tools: readonly string[]): Reply => calling(...tools);
  /** Tools have answered twice. */
  const underWay = (more: Partial<Snapshot> = {}) =>
    opened("per-turn", more)
      .asking(works("calculator"))
      .executing()
      .asking(works("calculator"))
      .executing();

  test("the run's own model begins, and a small one goes on once tools have answered twice", () => {
    let run = opened("per-turn");
    for (let turn = 1; turn <= 2; turn += 1) {
      expect([turn, courseOf(run).model]).toEqual([turn, SONNET]);
      run = run.asking(works("calculator", "calculator")).executing();
    }
    expect(courseOf(run)).toMatchObject({
      model: HAIKU,
      authors: [{ model: SONNET, replies: 2 }],
      weighedBy: SONNET,
      change: { from: SONNET, reason: "routed" },
    });
    const on = run.asking({ ...works("calculator"), model: HAIKU }).executing();
    expect(courseOf(on).model).toBe(HAIKU);
  });

  test("not where a person speaks, who is answered by the run's own model", () => {
    const run = underWay().and(said("and Rome?"));
    expect(textsIn(run.call()).at(-1)).toBe("and Rome?");
    expect(courseOf(run).model).toBe(SONNET);
  });

  test("not for the words of a run that stops", () => {
    const limits = { ...SNAPSHOT.limits, modelCalls: 3 };
    const run = underWay({ limits, wrapUp: true });
    expect(run.call()).toMatchObject({ purpose: { kind: "wrap_up" }, course: { model: SONNET } });
  });

  test("nor on the branch behind a summary", () => {
    const run = opened("per-turn", { compactAtTokens: 35_000 })
      .asking(weighing(2000, works("calculator")))
      .executing()
      .asking(weighing(36_000, works("calculator")))
      .executing();
    expect(run.call()).toMatchObject({ purpose: { kind: "summary" }, course: { model: SONNET } });
    expect(courseOf(run.asking(replied("summary"))).model).toBe(SONNET);
  });

  test("the small one never answers: where it calls no tool its reply is dropped", () => {
    const run = underWay();
    const { head, entries } = run.memory().talk;
    const guess = replied("I think it is 7.", { model: HAIKU, costMicroUsd: 3 });
    const dropped = run.asking(guess);
    expect(dropped.memory().talk).toMatchObject({ head, entries, answer: null });
    expect(dropped.memory().counts.spentMicroUsd).toBe(run.memory().counts.spentMicroUsd + 3);
    expect(courseOf(dropped)).toMatchObject({
      model: SONNET,
      change: { reason: "answers", from: HAIKU },
    });
    const answered = dropped.asking(replied("It is 8."));
    expect(answered.memory().talk.answer).toBe("It is 8.");
    expect(answered.outcome()).toEqual({ kind: "answered" });
  });

  test.each(["interrupted", "pause_turn"])(
    "what ended with %s stays with the run",
    (stopReason) => {
      const run = underWay().asking(replied("Well,", { stopReason, model: HAIKU }));
      expect(run.memory().talk.answer).toBe("Well,");
      expect(run.memory().models.last.inVain).toBe(false);
    },
  );

  test("a small one that refused is not asked again", () => {
    const refusal = replied("no", { stopReason: "refusal", model: HAIKU });
    let run = underWay().asking(refusal);
    for (let n = 0; n < 3; n += 1) run = run.asking(works("calculator")).executing();
    expect(courseOf(run).model).toBe(SONNET);
  });

  test("what it writes is weighed by its own count", () => {
    const usage = { ...NO_USAGE, inputTokens: 500 };
    const run = underWay()
      .asking({ ...works("calculator"), model: HAIKU, usage })
      .executing();
    expect(run.memory().talk).toMatchObject({ headTokens: 500, weighedBy: HAIKU });
  });
});
