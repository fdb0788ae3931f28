import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatUsd, microUsdOf, usdOf } from "../../../src/domain/money.ts";

test("money leaves as it was read, and what is not capped stays so", () => {
  const amounts = fc.integer({ min: 0, max: 1e10 });
  fc.assert(fc.property(amounts, (microUsd) => microUsdOf(usdOf(microUsd)) === microUsd));
  expect(usdOf(250_000)).toBe(0.25);
  expect(usdOf(null)).toBeNull();
});

describe("money as people read it", () => {
  test.each([
    [0, "$0.000000"],
    [1, "$0.000001"],
    [9_999, "$0.009999"],
    [10_000, "$0.0100"],
    [123_456, "$0.1235"],
    [1_000_000, "$1.00"],
    [12_345_678, "$12.35"],
  ])("%d micro-USD is %s", (microUsd, text) => {
    expect(formatUsd(microUsd)).toBe(text);
  });

  test("nothing is shown as zero that is not", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), (microUsd) => {
        expect(formatUsd(microUsd)).toMatch(/[1-9]/);
      }),
    );
  });
});
