import { describe, expect, test } from "@jest/globals";
import { nextLookMs, waitsUntilMs } from "../../../src/domain/batch-lane.ts";

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
