import { describe, expect, test } from "@jest/globals";
import { batchPrice, nextLookMs, waitsUntilMs } from "../../../src/domain/batch-lane.ts";
import { MODELS, type Price, type Rates } from "../../../src/domain/prices.ts";

const dated: [string, Price][] = Object.entries(MODELS).flatMap(([model, { prices }]) =>
  prices.map((price): [string, Price] => [`${model} from ${price.effectiveFrom}`, price]),
);
const KINDS = ["input", "output", "cacheWrite5m", "cacheWrite1h", "cacheRead"] as const;

test.each(dated)("%s costs exactly half in a batch, in whole micro-USD, every kind", (_, price) => {
  const half = batchPrice(price);
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
  expect(half.longContext?.promptTokensOver).toBe(price.longContext?.promptTokensOver);
});

const terms = { firstLookMs: 1000, canWaitForMs: null };

test("looks come ever less often, down to one in sixty times the first wait", () => {
  const waits = Array.from({ length: 30 }, (_, looks) => nextLookMs(terms, looks));
  expect(waits.slice(0, 4)).toEqual([1000, 1500, 2250, 3375]);
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits.at(-1)).toBe(60_000);
});

describe("a run waits for batches", () => {
  const HOUR_MS = 3_600_000;
  test.each([
    ["as long as the provider takes where nobody sets an end", null, null, null],
    ["until a quarter of its time is left", null, 1000, 750],
    ["until a quarter of what it can wait is left", 400, null, 300],
    ["by the nearer of both ends", 400, 1000, 300],
    ["and keeps fifteen minutes at most", 10 * HOUR_MS, null, 9.75 * HOUR_MS],
  ])("%s", (_, canWaitForMs, wallClockMs, expected) => {
    const until = waitsUntilMs({ ...terms, canWaitForMs }, wallClockMs, 5000);
    expect(until).toBe(expected === null ? null : 5000 + expected);
  });
});
