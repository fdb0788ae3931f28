import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  limitHit,
  lowered,
  USEFUL_REPLY_TOKENS,
  warningNote,
  warningsDue,
  type CallerLimits,
  type Limits,
  type Used,
  type Warning,
} from "../../../src/domain/limits.ts";

const LIMITS: Limits = {
  costMicroUsd: 1_000_000,
  tokens: 200_000,
  modelCalls: 50,
  toolCalls: 200,
  requestTokens: 50_000,
  replyTokens: 4096,
  wallClockMs: null,
};
const UNUSED: Used = { costMicroUsd: 0, tokens: 0, modelCalls: 0, toolCalls: 0 };

const amount = fc.integer({ min: 1, max: 1_000_000 });
const operators: fc.Arbitrary<Limits> = fc.record({
  costMicroUsd: amount,
  tokens: amount,
  modelCalls: amount,
  toolCalls: amount,
  requestTokens: amount,
  replyTokens: amount,
  wallClockMs: fc.option(amount),
});
const callers: fc.Arbitrary<CallerLimits> = fc.record(
  {
    costMicroUsd: amount,
    tokens: amount,
    modelCalls: amount,
    toolCalls: amount,
    requestTokens: amount,
    replyTokens: amount,
    wallClockMs: fc.option(amount),
  },
  { requiredKeys: [] },
);

describe("lowered", () => {
  test("a caller who asks for nothing gets what the operator allows", () => {
    expect(lowered(LIMITS, {})).toEqual(LIMITS);
  });

  test.each<[string, number | null, number | null | undefined, number | null]>([
    ["no clock anywhere", null, undefined, null],
    ["the caller may set one", null, 500, 500],
    ["the caller can't take the operator's away", 900, null, 900],
    ["the earlier one holds: the caller's", 900, 500, 500],
    ["the earlier one holds: the operator's", 500, 900, 500],
  ])("the wall clock: %s", (_, operator, caller, wallClockMs) => {
    const asked = caller === undefined ? {} : { wallClockMs: caller };
    expect(lowered({ ...LIMITS, wallClockMs: operator }, asked).wallClockMs).toBe(wallClockMs);
  });

  test("is never above what the operator allows, nor above what the caller asks for", () => {
    fc.assert(
      fc.property(operators, callers, (operator, caller) => {
        const limits = lowered(operator, caller);
        for (const bound of [operator, caller]) {
          for (const [field, value] of Object.entries(bound)) {
            const key = field as keyof Limits;
            expect(limits[key] ?? Infinity).toBeLessThanOrEqual(value ?? Infinity);
          }
        }
        expect(lowered(limits, caller)).toEqual(limits);
      }),
    );
  });
});

describe("limitHit", () => {
  test.each<[string, Partial<Used>, string | null]>([
    ["nothing is used", {}, null],
    ["the last micro-USD is left", { costMicroUsd: 999_999 }, null],
    ["the cost is at its cap", { costMicroUsd: 1_000_000 }, "cost"],
    ["the cost is past its cap", { costMicroUsd: 1_000_001 }, "cost"],
    ["one model call is left", { modelCalls: 49 }, null],
    ["the model calls are used up", { modelCalls: 50 }, "model_calls"],
    ["the tool calls are used up", { toolCalls: 200 }, "tool_calls"],
    ["the tokens are used up", { tokens: 200_000 }, "tokens"],
    ["a useful reply is left", { tokens: 200_000 - USEFUL_REPLY_TOKENS }, null],
    ["less than a useful reply is left", { tokens: 200_001 - USEFUL_REPLY_TOKENS }, "tokens"],
    ["money is named before calls", { costMicroUsd: 1_000_000, modelCalls: 50 }, "cost"],
  ])("%s", (_, used, limit) => {
    expect(limitHit(LIMITS, { ...UNUSED, ...used })?.limit ?? null).toBe(limit);
  });

  test("says how much of what was used", () => {
    const hit = limitHit(LIMITS, { ...UNUSED, modelCalls: 50 });
    expect(hit?.message).toBe("the run used 50 of 50 model calls");
    const near = limitHit(LIMITS, { ...UNUSED, tokens: 199_990 });
    expect(near?.message).toBe("only 10 of 200000 tokens are left");
  });
});

describe("warningsDue", () => {
  const shared: Warning = { limit: "tenant_day", used: 9_000_000, cap: 10_000_000 };

  test("nothing is due below 80 %", () => {
    expect(warningsDue(LIMITS, { ...UNUSED, modelCalls: 39 }, [], [])).toEqual([]);
  });

  test("at 80 % a cap is warned of, with its figures", () => {
    expect(warningsDue(LIMITS, { ...UNUSED, modelCalls: 40 }, [], [])).toEqual([
      { limit: "model_calls", used: 40, cap: 50 },
    ]);
  });

  test("each cap is warned of once", () => {
    const used = { ...UNUSED, modelCalls: 45, toolCalls: 190 };
    expect(warningsDue(LIMITS, used, [], ["model_calls"])).toEqual([
      { limit: "tool_calls", used: 190, cap: 200 },
    ]);
  });

  test("a shared cap is warned of as well; the run's own cost is counted here and not twice", () => {
    const own: Warning = { limit: "cost", used: 900_000, cap: 1_000_000 };
    const used = { ...UNUSED, costMicroUsd: 800_000 };
    expect(warningsDue(LIMITS, used, [own, shared], [])).toEqual([
      { limit: "cost", used: 800_000, cap: 1_000_000 },
      shared,
    ]);
    expect(warningsDue(LIMITS, UNUSED, [shared], ["tenant_day"])).toEqual([]);
  });

  test("whatever stops a run was warned of before it stopped, or is now", () => {
    const used = fc.record({
      costMicroUsd: fc.nat(1_100_000),
      tokens: fc.nat(200_000 - USEFUL_REPLY_TOKENS),
      modelCalls: fc.nat(55),
      toolCalls: fc.nat(220),
    });
    fc.assert(
      fc.property(used, (spent) => {
        const hit = limitHit(LIMITS, spent);
        if (hit === null) return;
        expect(warningsDue(LIMITS, spent, [], []).map(({ limit }) => limit)).toContain(hit.limit);
      }),
    );
  });
});

test("the note to the model names each budget and its share", () => {
  const warnings: Warning[] = [
    { limit: "model_calls", used: 41, cap: 50 },
    { limit: "tenant_day", used: 8_999_999, cap: 10_000_000 },
  ];
  expect(warningNote(warnings)).toBe(
    "Budget notice: 82 % of the model calls budget and 89 % of the tenant day budget is used. " +
      "Wrap up: answer with what you have.",
  );
});
