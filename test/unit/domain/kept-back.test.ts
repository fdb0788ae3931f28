// What a call leaves for the last words: their price, less what its own hold will likely give back.

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { lastWordsMicroUsd, microUsdKeptBack } from "../../../src/domain/kept-back.ts";
import { SHIPPED_MODELS, specOf } from "../../../src/domain/model-table.ts";
import { priceOn, worstCase } from "../../../src/domain/pricing.ts";

const price = priceOn(specOf(SHIPPED_MODELS, "claude-sonnet-5-5"), "2026-11-26T12:00:00.000Z");

test("a call that costs what the one before it did leaves enough for the last words", () => {
  const tokens = fc.nat(150_000);
  const micros = fc.nat(600_000);
  fc.assert(
    fc.property(tokens, micros, micros, (promptTokens, lastReplyMicroUsd, spareMicroUsd) => {
      const { fixedMicroUsd: heldForPromptMicroUsd } = worstCase(price, promptTokens, 0, "5m");
      const refund = { heldForPromptMicroUsd, lastReplyMicroUsd };
      const kept = microUsdKeptBack(price, promptTokens, refund);
      // As little as the call is still made with.
      const leftMicroUsd = heldForPromptMicroUsd + kept + spareMicroUsd;
      const costMicroUsd = Math.min(lastReplyMicroUsd, heldForPromptMicroUsd);
      expect(leftMicroUsd - costMicroUsd).toBeGreaterThanOrEqual(
        lastWordsMicroUsd(price, promptTokens),
      );
    }),
  );
});

test("nothing is counted upon where no reply came before, or where it was as dear as the hold", () => {
  const whole = lastWordsMicroUsd(price, 2512);
  const keptAfter = (lastReplyMicroUsd: number | null): number =>
    microUsdKeptBack(price, 2000, { heldForPromptMicroUsd: 9000, lastReplyMicroUsd });
  expect(keptAfter(null)).toBe(whole);
  expect(keptAfter(9000)).toBe(whole);
  expect(keptAfter(8000)).toBe(whole - 1000);
  expect(keptAfter(0)).toBe(Math.max(0, whole - 9000));
});
