import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  addUsage,
  NO_USAGE,
  promptTokens,
  totalTokens,
  type Usage,
} from "../../../src/domain/usage.ts";

const tokens = fc.nat(1_000_000);
const usages: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWrite5mTokens: tokens,
  cacheWrite1hTokens: tokens,
  outputTokens: tokens,
  webSearchRequests: fc.nat(20),
});

test("cached tokens are part of the prompt, searches are not", () => {
  const usage: Usage = {
    inputTokens: 1,
    cacheReadTokens: 20,
    cacheWrite5mTokens: 300,
    cacheWrite1hTokens: 4000,
    outputTokens: 50_000,
    webSearchRequests: 600_000,
  };
  expect(promptTokens(usage)).toBe(4321);
  expect(totalTokens(usage)).toBe(54_321);
});

test("nothing added changes nothing", () => {
  fc.assert(
    fc.property(usages, (usage) => {
      expect(addUsage(usage, NO_USAGE)).toEqual(usage);
      expect(addUsage(NO_USAGE, usage)).toEqual(usage);
    }),
  );
});

test("every kind is added up, in any order", () => {
  fc.assert(
    fc.property(usages, usages, (a, b) => {
      const sum = addUsage(a, b);
      expect(addUsage(b, a)).toEqual(sum);
      expect(promptTokens(sum)).toBe(promptTokens(a) + promptTokens(b));
      expect(totalTokens(sum)).toBe(totalTokens(a) + totalTokens(b));
      expect(sum.webSearchRequests).toBe(a.webSearchRequests + b.webSearchRequests);
      expect(sum.cacheWrite1hTokens).toBe(a.cacheWrite1hTokens + b.cacheWrite1hTokens);
    }),
  );
});
