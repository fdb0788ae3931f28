// What a caller may ask of limits and of time, as JSON says it: in a request to the gateway, in a line of a batch.

import { z } from "zod";
import type { CallerLimits } from "../domain/limits.ts";
import { present } from "../domain/present.ts";
import { microUsdOf } from "../domain/money.ts";

const DAY_MS = 86_400_000;

export const LIMITS = z
  .strictObject({
    maxCostUsd: z.number().min(0.000001).max(1_000_000),
    maxTokens: z.int().min(1),
    maxReplyTokens: z.int().min(1),
    maxCalls: z.int().min(1),
    timeoutMs: z
      .int()
      .min(1)
      .max(365 * DAY_MS),
  })
  .partial();

/** `{"forMs": null}`: as long as the provider takes. */
export const CAN_WAIT = z.strictObject({
  forMs: z
    .int()
    .min(1)
    .max(365 * DAY_MS)
    .nullable(),
});

/** In the units of the domain; what was not asked for is not there. */
export function limitsOf(limits: z.output<typeof LIMITS>): CallerLimits {
  const { maxCostUsd, maxTokens, maxReplyTokens, maxCalls, timeoutMs } = limits;
  return {
    ...(maxCostUsd === undefined ? {} : { costMicroUsd: microUsdOf(maxCostUsd) }),
    ...present({
      tokens: maxTokens,
      replyTokens: maxReplyTokens,
      modelCalls: maxCalls,
      wallClockMs: timeoutMs,
    }),
  };
}
