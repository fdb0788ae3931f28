import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MODELS, type Price, type Rates } from "../../../src/domain/prices.ts";
import { SHIPPED_MODELS, modelSpec, specOf } from "../../../src/domain/model-table.ts";
import {
  costOf,
  priceIn,
  priceOn,
  worstCase,
  worstCaseMicroUsd,
} from "../../../src/domain/pricing.ts";
import { NO_USAGE, promptTokens, type Usage } from "../../../src/domain/usage.ts";
import { propertyRuns } from "../../support/tier.ts";

const sonnet = priceOf("claude-sonnet-5-5");
const haiku = priceOf("claude-haiku-5-5");

function priceOf(model: string): Price {
  return priceOn(specOf(SHIPPED_MODELS, model), "2026-11-21");
}

describe("a dated snapshot", () => {
  test.each([
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5-20250929",
    "claude-opus-5-5-20260922",
  ])("%s has the price of its family", (model) => {
    expect(modelSpec(SHIPPED_MODELS, model)).toBe(modelSpec(SHIPPED_MODELS, model.slice(0, -9)));
    expect(modelSpec(SHIPPED_MODELS, model)).toBeDefined();
  });

  test.each([
    "claude-haiku-9-9-20251001",
    "claude-haiku-4-5-20251399",
    "claude-haiku-4-5-2025",
    "claude-haiku-4-5-20251001-20251001",
    "claude-haiku-4-5-20251001x",
    "20251001",
    "-20251001",
    "toString-20251001",
  ])("of no family that is priced has none: %s", (model) => {
    expect(modelSpec(SHIPPED_MODELS, model)).toBeUndefined();
  });
});

const prices = fc.constantFrom(...Object.values(MODELS).flatMap((spec) => spec.prices));
const tokens = fc.oneof(fc.nat(3000), fc.nat(1_000_000), fc.constantFrom(0, 99_999, 100_000));
const usages: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWrite5mTokens: tokens,
  cacheWrite1hTokens: tokens,
  outputTokens: fc.nat(128_000),
  webSearchRequests: fc.nat(10),
});

/** The definition, in integers without bounds: Σ tokens × rate, rounded up once. */
function exactMicroUsd(usage: Usage, price: Price): bigint {
  const band = price.longContext;
  const isLong = band !== undefined && promptTokens(usage) > band.promptTokensOver;
  const rates = isLong ? band.rates : price;
  const scaled = [
    [usage.inputTokens, rates.input],
    [usage.cacheReadTokens, rates.cacheRead],
    [usage.cacheWrite5mTokens, rates.cacheWrite5m],
    [usage.cacheWrite1hTokens, rates.cacheWrite1h],
    [usage.outputTokens, rates.output],
  ].reduce((sum, [count = 0, rate = 0]) => sum + BigInt(count) * BigInt(rate), 0n);
  return (scaled + 999_999n) / 1_000_000n + BigInt(usage.webSearchRequests) * 10_000n;
}

describe("the cost of a call", () => {
  test.each<[string, Price, Partial<Usage>, number]>([
    ["nothing costs nothing", sonnet, {}, 0],
    ["a million input tokens cost what the list says", sonnet, { inputTokens: 1_000_000 }, 2e6],
    ["output", sonnet, { outputTokens: 1_000_000 }, 10e6],
    ["cache written for five minutes", sonnet, { cacheWrite5mTokens: 1_000_000 }, 2.5e6],
    ["cache written for an hour", sonnet, { cacheWrite1hTokens: 1_000_000 }, 4e6],
    ["cache read", sonnet, { cacheReadTokens: 1_000_000 }, 100_000],
    ["a search costs a cent", sonnet, { webSearchRequests: 3 }, 30_000],
    ["the tenth part of a micro-USD is rounded up", haiku, { inputTokens: 1 }, 1],
    [
      "parts are added before they are rounded, so three tenths are one micro-USD and not three",
      haiku,
      { inputTokens: 1, cacheReadTokens: 1, cacheWrite5mTokens: 1 },
      1,
    ],
    ["at the threshold a prompt is still short", haiku, { inputTokens: 100_000 }, 10_000],
    ["one token more and all of it is long", haiku, { inputTokens: 100_001 }, 50_001],
    [
      "cached tokens count towards the band, and the reply is dearer too",
      haiku,
      { cacheReadTokens: 100_001, outputTokens: 1000 },
      5001 + 2500,
    ],
    [
      "a long reply to a short prompt stays in the lower band",
      haiku,
      { inputTokens: 10, outputTokens: 120_000 },
      60_001,
    ],
  ])("%s", (_, price, usage, microUsd) => {
    expect(costOf({ ...NO_USAGE, ...usage }, price)).toBe(microUsd);
  });

  test("is exact to the micro-USD, for every model and any usage", () => {
    fc.assert(
      fc.property(prices, usages, (price, usage) => {
        expect(BigInt(costOf(usage, price))).toBe(exactMicroUsd(usage, price));
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  test("never falls when any count grows", () => {
    const kinds = fc.constantFrom<keyof Usage>(
      "inputTokens",
      "cacheReadTokens",
      "cacheWrite5mTokens",
      "cacheWrite1hTokens",
      "outputTokens",
      "webSearchRequests",
    );
    fc.assert(
      fc.property(prices, usages, kinds, fc.nat(200_000), (price, usage, kind, more) => {
        const grown = { ...usage, [kind]: usage[kind] + more };
        expect(costOf(grown, price)).toBeGreaterThanOrEqual(costOf(usage, price));
      }),
      { numRuns: propertyRuns(1000) },
    );
  });
});

describe("the worst case of a call", () => {
  test("bounds every usage within it, however the prompt is split over input and cache", () => {
    const slacks = fc.record({ prompt: fc.nat(5000), reply: fc.nat(5000), searches: fc.nat(3) });
    fc.assert(
      fc.property(prices, usages, slacks, (price, usage, slack) => {
        const promptTokensMax = promptTokens(usage) + slack.prompt;
        const worst = worstCase(price, promptTokensMax, usage.webSearchRequests + slack.searches);
        const bound = worstCaseMicroUsd(worst, usage.outputTokens + slack.reply);
        expect(bound).toBeGreaterThanOrEqual(costOf(usage, price));
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  test("holds the band's rates as soon as the prompt might be long, and not before", () => {
    expect(worstCase(haiku, 100_000, 0)).toEqual({ fixedMicroUsd: 20_000, replyRate: 500_000 });
    expect(worstCase(haiku, 100_001, 0)).toEqual({ fixedMicroUsd: 100_001, replyRate: 2_500_000 });
  });

  test("is reckoned at the dearest kind of prompt token, plus the searches allowed and their text", () => {
    const worst = worstCase(sonnet, 1_000_000, 2);
    expect(worst.fixedMicroUsd).toBe(4_000_000 + 2 * 8000 * 4 + 20_000);
    expect(worstCaseMicroUsd(worst, 1000)).toBe(4_084_000 + 10_000);
  });

  test("is at most two micro-USD above the cost that reaches it", () => {
    fc.assert(
      fc.property(prices, tokens, fc.nat(128_000), (price, prompt, reply) => {
        const usage = { ...NO_USAGE, cacheWrite1hTokens: prompt, outputTokens: reply };
        const bound = worstCaseMicroUsd(worstCase(price, prompt, 0), reply);
        expect(bound - costOf(usage, price)).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe("the price on a day", () => {
  const spec = specOf(SHIPPED_MODELS, "claude-sonnet-5-5");

  test.each([
    ["before any price was known the first one holds", "2026-01-01", 200_000],
    ["on its first day", "2026-09-28", 200_000],
    ["on the day before a change", "2026-10-06T23:59:59.999Z", 200_000],
    ["from the first instant of a change", "2026-10-07T00:00:00.000Z", 100_000],
    ["today", "2026-11-21", 100_000],
  ])("%s", (_, day, cacheRead) => {
    expect(priceOn(spec, day).cacheRead).toBe(cacheRead);
  });

  test("a model without a price is a mistake in the table, not a free model", () => {
    expect(() => priceOn({ ...spec, prices: [] }, "2026-11-21")).toThrow("without any price");
  });
});

const dated: [string, Price][] = Object.entries(MODELS).flatMap(([model, spec]) =>
  spec.prices.map((price): [string, Price] => [`${model} from ${price.effectiveFrom}`, price]),
);
const KINDS = ["input", "output", "cacheWrite5m", "cacheWrite1h", "cacheRead"] as const;

test.each(dated)("%s costs exactly half in a batch, in whole micro-USD, every kind", (_, price) => {
  const half = priceIn("batch", price);
  const pairs: [Rates, Rates][] = [
    [half, price],
    [half.longContext?.rates ?? half, price.longContext?.rates ?? price],
  ];
  for (const [batch, live] of pairs) {
    for (const kind of KINDS) {
      expect(batch[kind] * 2).toBe(live[kind]);
      expect(Number.isSafeInteger(batch[kind])).toBe(true);
    }
  }
  expect(priceIn("live", price)).toBe(price);
  expect(half.longContext?.promptTokensOver).toBe(price.longContext?.promptTokensOver);
});

test.each(["claude-nonesuch", "", "toString", "__proto__", "constructor"])(
  "a model that is not in the table has no price: %p",
  (model) => {
    expect(modelSpec(SHIPPED_MODELS, model)).toBeUndefined();
    expect(() => specOf(SHIPPED_MODELS, model)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_MODEL" }),
    );
  },
);
