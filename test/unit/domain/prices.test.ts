import { describe, expect, test } from "@jest/globals";
import { MODELS, TIERS, type Price, type Rates } from "../../../src/domain/prices.ts";

const KINDS = ["input", "output", "cacheWrite5m", "cacheWrite1h", "cacheRead"] as const;
const ratesIn = (rates: Rates): number[] => KINDS.map((kind) => rates[kind]);
const dated: [string, Price][] = Object.entries(MODELS).flatMap(([model, { prices }]) =>
  prices.map((price): [string, Price] => [`${model} from ${price.effectiveFrom}`, price]),
);

test.each(Object.entries(TIERS))("the %s tier is served by %s, which has a price", (_, model) => {
  expect(MODELS[model]?.prices.length).toBeGreaterThan(0);
});

describe.each(dated)("%s", (_, price) => {
  test("all rates are whole micro-USD, and none is free", () => {
    for (const rate of [...ratesIn(price), ...ratesIn(price.longContext?.rates ?? price)]) {
      expect(Number.isSafeInteger(rate) && rate > 0).toBe(true);
    }
  });

  // The worst case of a call is reckoned at the band of its longest possible prompt.
  test("a longer prompt is never cheaper", () => {
    const band = price.longContext?.rates ?? price;
    for (const kind of KINDS) expect(band[kind]).toBeGreaterThanOrEqual(price[kind]);
  });
});

describe.each(Object.entries(MODELS))("%s", (_, spec) => {
  test("its prices are dated, newest first, each day once", () => {
    const days = spec.prices.map((price) => price.effectiveFrom);
    for (const day of days) expect(day).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(days).toEqual([...new Set(days)].toSorted().toReversed());
  });

  test("a reply fits into its context window", () => {
    expect(spec.replyTokensMax).toBeLessThan(spec.contextTokens);
    expect(spec.toolPromptTokensMax).toBeGreaterThan(0);
    expect(spec.cacheTokensMin).toBeGreaterThan(0);
  });
});
