// Caps that ran past 80 %: each is logged once, and told to the model once.

import { describe, expect, test } from "@jest/globals";
import type { Warning } from "../../../../src/domain/limits.ts";
import {
  calling,
  denied,
  given,
  MODEL,
  replied,
  SNAPSHOT,
  textsIn,
  weighing,
  type Story,
} from "../../../support/run-story.ts";

const near = { ...calling("nothing"), costMicroUsd: 800_000 };
const COST: Warning = { limit: "cost", used: 800_000, cap: 1_000_000 };
const DAY: Warning = { limit: "tenant_day", used: 9, cap: 10 };
const holds = denied({ why: "holds", limit: "tenant_day" });

const isTold = (run: Story) => textsIn(run.call()).some((text) => text.startsWith("Budget notice"));
const warningsOf = (run: Story) => run.call().warnings;

describe("a cap that is nearly used up", () => {
  test("is logged and told with the next call, and with no other", () => {
    const run = given().asking(near);
    expect(warningsOf(run)).toEqual([COST]);
    expect(textsIn(run.call()).at(-1)).toMatch(/^Budget notice: 80 % of the cost budget is used/);
    const after = run.asking(calling("nothing"));
    expect(warningsOf(after)).toEqual([]);
    expect(isTold(after)).toBe(false);
  });

  test("is not warned of before", () => {
    expect(warningsOf(given().asking({ ...near, costMicroUsd: 799_999 }))).toEqual([]);
  });

  test("is told again, and logged no more, where the call was denied or lost", () => {
    const run = given().asking(near);
    for (const again of [
      run.asking(holds).waiting(),
      run.asking({ kind: "interrupted", crashTaxMicroUsd: 0 }),
    ]) {
      expect(warningsOf(again)).toEqual([]);
      expect(isTold(again)).toBe(true);
      expect(textsIn(again.call()).filter((text) => text.startsWith("Budget"))).toHaveLength(1);
    }
  });

  test("is told again where the reply was handed on, and the model that goes on has not read it", () => {
    const fallbacks = { chains: { [MODEL]: ["claude-haiku-5-5"] }, attemptsMax: 2, prices: {} };
    const run = given({ fallbacks }).asking(near);
    const refused = run.asking(replied("no", { stopReason: "refusal" }));
    expect(warningsOf(refused)).toEqual([]);
    expect(isTold(refused)).toBe(true);
  });

  test("is told later where no note may stand: with the next that a user or a tool says", () => {
    const run = given().asking(replied("hm", { stopReason: "pause_turn", costMicroUsd: 800_000 }));
    expect(warningsOf(run)).toEqual([COST]);
    expect(run.call().entries).toEqual([]);
    expect(isTold(run.asking(calling("nothing")))).toBe(true);
  });

  test("is logged with a summary, and told behind it", () => {
    const run = given({ compactAtTokens: 35_000 })
      .asking(weighing(2000, calling("nothing")))
      .asking({ ...weighing(36_000, calling("nothing")), costMicroUsd: 800_000 });
    expect(run.call().purpose.kind).toBe("summary");
    expect(warningsOf(run)).toMatchObject([{ limit: "cost" }]);
    expect(isTold(run)).toBe(false);
    const behind = run.asking(replied("summary"));
    expect(warningsOf(behind)).toEqual([]);
    expect(isTold(behind)).toBe(true);
  });

  test("counts as told by the note that asks for last words", () => {
    const run = given({ wrapUp: true }).asking({ ...near, costMicroUsd: 1_000_000 });
    expect(run.call().purpose.kind).toBe("wrap_up");
    expect(run.asking(replied("so far")).memory().warnings).toEqual([
      { warning: { ...COST, used: 1_000_000 }, stage: "told" },
    ]);
  });

  test("is one of several, each by its own count", () => {
    const limits = { ...SNAPSHOT.limits, modelCalls: 10, toolCalls: 10 };
    let run = given({ limits });
    for (let n = 0; n < 8; n += 1) run = run.asking(calling("calculator")).executing();
    expect(warningsOf(run).map(({ limit }) => limit)).toEqual(["model_calls", "tool_calls"]);
    expect(textsIn(run.call()).at(-1)).toMatch(/80 % of the model calls budget and 80 %/);
  });
});

describe("a cap that is shared", () => {
  test("is warned of once, as the newest reply brought word of it", () => {
    const run = given().asking({ ...calling("nothing"), nearCaps: [DAY] });
    expect(warningsOf(run)).toEqual([DAY]);
    const told = run.asking({ ...calling("nothing"), nearCaps: [{ ...DAY, used: 10 }] });
    expect(warningsOf(told)).toEqual([]);
  });

  test("is never the run's own, of which the run knows better", () => {
    const run = given().asking({ ...calling("nothing"), nearCaps: [COST] });
    expect(warningsOf(run)).toEqual([]);
  });

  test("is left to the first call of the work where a tier is chosen", () => {
    const models = { simple: "a", medium: MODEL, complex: "c" };
    const routing = { policy: "by-classifier", models, openingTokens: 1 } as const;
    const run = given({ routing }).asking(replied('{"tier":"medium"}', { nearCaps: [DAY] }));
    expect(warningsOf(run)).toEqual([DAY]);
  });
});
