import { SHIPPED_MODELS } from "../../../src/domain/model-table.ts";
import { describe, expect, test } from "@jest/globals";
import { MODELS } from "../../../src/domain/prices.ts";
import { costOf } from "../../../src/domain/pricing.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import {
  ALL_MEDIUM,
  costUnder,
  EXAMPLE,
  parseRouting,
  PROMPT_BANDS,
  savedPercent,
  tierPrices,
  type Routing,
} from "../../../src/domain/what-if.ts";

const TODAY = tierPrices(SHIPPED_MODELS, "2026-11-21");

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
  const small = { ...NO_USAGE, inputTokens: 15_000, cacheReadTokens: 9000, outputTokens: 30 };
  const large = { ...NO_USAGE, inputTokens: 240_000, cacheWrite5mTokens: 2, outputTokens: 1800 };
  const calls = [
    { tokens: small, promptTokensMax: 8000 },
    { tokens: large, promptTokensMax: 128_000 },
  ];

  test("prices each band by the tier that its prompts fall to, at the rates of their length", () => {
    const short = (tier: "simple" | "medium") => costOf(small, TODAY[tier], 8000);
    const long = (tier: "medium" | "complex") => costOf(large, TODAY[tier], 128_000);
    const cost = (text: string) => costUnder(routing(text), calls, TODAY);
    expect(cost("simple<=8k")).toBe(short("simple") + long("medium"));
    expect(cost("simple<=7999, medium<=128000")).toBe(short("medium") + long("medium"));
    expect(cost("medium<=8000")).toBe(short("medium") + long("complex"));
  });

  test("counts the long-context rates of the model that would have been asked", () => {
    const all = costUnder(routing("100%simple"), calls.slice(1), TODAY);
    expect(all).toBe(Math.ceil(240_000 * 0.5 + 2 * 0.625 + 1800 * 2.5));
  });
});

test("no price changes within a band", () => {
  const begins = Object.values(MODELS).flatMap(({ prices }) =>
    prices.flatMap(({ longContext }) => longContext?.promptTokensOver ?? []),
  );
  expect(begins.length).toBeGreaterThan(0);
  expect(begins.filter((tokens) => !PROMPT_BANDS.includes(tokens))).toEqual([]);
});

test("shares of odd amounts are rounded once, at the end", () => {
  const tokens = { ...NO_USAGE, inputTokens: 1 };
  // 2 micro-USD medium and 1 simple (rounded up): three bands of it are 3 × (0.5 × 1 + 0.5 × 2) = 4.5.
  const calls = [1, 2, 3].map(() => ({ tokens, promptTokensMax: 500 }));
  expect(costUnder(routing("50%simple"), calls, TODAY)).toBe(5);
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
