import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { roomForSummary } from "../../../src/domain/kept-back.ts";
import { limitsWithin, summaryMark } from "../../../src/domain/window.ts";
import { SNAPSHOT } from "../../support/run-story.ts";

const LIMITS = SNAPSHOT.limits;

describe("the limits within a window", () => {
  test.each<[string, number, number, number]>([
    ["are what they were where it is large", 1_000_000, 50_000, 4096],
    ["and where it holds a summary as it is", 40_000, 40_000, 4096],
    ["have shorter replies where it is small", 16_384, 16_384, 2048],
    ["and in the smallest that a local server has by default", 4096, 4096, 512],
    ["but none that says nothing", 1024, 1024, 256],
  ])("%s", (_, contextTokens, requestTokens, replyTokens) => {
    expect(limitsWithin(LIMITS, contextTokens)).toEqual({ ...LIMITS, requestTokens, replyTokens });
  });

  test("let a conversation be summed up in any window of 4,096 tokens and more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4096, max: 2_000_000 }), (contextTokens) => {
        const limits = limitsWithin(LIMITS, contextTokens);
        const mark = summaryMark(limits, contextTokens);
        if (mark === null) throw new Error("there is no mark");
        const together = mark + limits.replyTokens + roomForSummary(limits);
        expect(together).toBeLessThanOrEqual(contextTokens);
      }),
    );
  });
});
