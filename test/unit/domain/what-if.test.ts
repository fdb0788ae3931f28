import { describe, expect, test } from "@jest/globals";
import { costOf } from "../../../src/domain/pricing.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import {
  ALL_MEDIUM,
  costUnder,
  EXAMPLE,
  parseRouting,
  savedPercent,
  tierPrices,
  type Routing,
} from "../../../src/domain/what-if.ts";

const TODAY = tierPrices("2026-11-21");

function routing(text: string): Routing {
  const parsed = parseRouting(text);
  if (parsed === null) throw new Error(`${text} is no routing`);
  return parsed;
}

describe("the example of 100 tasks of 10k in and 2k out", () => {
  test("costs $6.00 all medium and $2.92 with 70 % simple at its own prices: 51 % less", () => {
    const before = costUnder(ALL_MEDIUM, EXAMPLE.calls, EXAMPLE.prices);
    const after = costUnder(routing("70%simple"), EXAMPLE.calls, EXAMPLE.prices);
    expect([before, after]).toEqual([6_000_000, 2_920_000]);
    expect(savedPercent(before, after)).toBe(51);
  });

  test("costs $4.00 and $1.34 at the prices of 2026-11-21", () => {
    const before = costUnder(ALL_MEDIUM, EXAMPLE.calls, TODAY);
    const after = costUnder(routing("70%simple"), EXAMPLE.calls, TODAY);
    expect([before, after]).toEqual([4_000_000, 1_340_000]);
  });
});

describe("a routing by the size of the prompt", () => {
  const small = { ...NO_USAGE, inputTokens: 5000, cacheReadTokens: 3000, outputTokens: 10 };
  const large = { ...NO_USAGE, inputTokens: 120_000, cacheWrite5mTokens: 1, outputTokens: 900 };

  test("prices each call by the tier that its prompt falls to, cached tokens counted", () => {
    const calls = [
      { tokens: small, count: 3 },
      { tokens: large, count: 2 },
    ];
    expect(costUnder(routing("simple<=8k"), calls, TODAY)).toBe(
      3 * costOf(small, TODAY.simple) + 2 * costOf(large, TODAY.medium),
    );
    expect(costUnder(routing("simple<=7999, medium<=120001"), calls, TODAY)).toBe(
      3 * costOf(small, TODAY.medium) + 2 * costOf(large, TODAY.medium),
    );
    expect(costUnder(routing("medium<=8000"), calls, TODAY)).toBe(
      3 * costOf(small, TODAY.medium) + 2 * costOf(large, TODAY.complex),
    );
  });

  test("counts the long-context band of the model that would have been asked", () => {
    const calls = [{ tokens: large, count: 1 }];
    const all = costUnder(routing("100%simple"), calls, TODAY);
    expect(all).toBe(Math.ceil(120_000 * 0.5 + 1 * 0.625 + 900 * 2.5));
  });
});

test("shares of odd amounts are rounded once, at the end", () => {
  const tokens = { ...NO_USAGE, inputTokens: 1 };
  // 2 micro-USD medium and 1 simple (rounded up), three calls: 3 × (0.5 × 1 + 0.5 × 2) = 4.5.
  expect(costUnder(routing("50%simple"), [{ tokens, count: 3 }], TODAY)).toBe(5);
});

test.each(["70%simple", "60%simple,10%complex", "100%medium", "50%simple,50%medium"])(
  "%s gives each call to somebody",
  (text) => {
    const parsed = routing(text);
    const sum = parsed.kind === "shares" && Object.values(parsed.shares).reduce((a, b) => a + b, 0);
    expect(sum).toBe(100);
  },
);

test.each([
  "",
  "simple",
  "101%simple",
  "60%simple,60%complex",
  "10%simple,10%simple",
  "70%cheap",
  "30%medium",
  "simple<=9k,medium<=8k",
  "simple<=8k,70%medium",
  "70.5%simple",
])("%j is no routing", (text) => {
  expect(parseRouting(text)).toBeNull();
});

test("nothing recorded costs nothing and saves nothing", () => {
  expect(costUnder(ALL_MEDIUM, [], TODAY)).toBe(0);
  expect(savedPercent(0, 0)).toBe(0);
});
