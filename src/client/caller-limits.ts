// What a caller may ask of limits and of time, as JSON says it: in a request to the gateway, in a line of a batch.

import { z } from "zod";
import { ASKED_LIMITS, type AskedKey } from "../domain/limit-table.ts";
import type { CallerLimits } from "../domain/limits.ts";
import { present } from "../domain/present.ts";
import { microUsdOf } from "../domain/money.ts";

const DAY_MS = 86_400_000;

const count = z.int().min(1);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the list has each key
const asked = Object.fromEntries(ASKED_LIMITS.map(({ key }) => [key, count])) as Record<
  AskedKey,
  typeof count
>;

export const LIMITS = z
  .strictObject({
    maxCostUsd: z.number().min(0.000001).max(1_000_000),
    ...asked,
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
  const { maxCostUsd, timeoutMs: wallClockMs, ...counts } = limits;
  return {
    ...(maxCostUsd === undefined ? {} : { costMicroUsd: microUsdOf(maxCostUsd) }),
    ...countsOf(counts),
    ...present({ wallClockMs }),
  };
}

/** Of JSON or of flags, which have the same names. */
export function countsOf(
  asking: Readonly<Partial<Record<AskedKey, number | undefined>>>,
): CallerLimits {
  const given = ASKED_LIMITS.map(({ field, key }) => [field, asking[key]] as const);
  return present(Object.fromEntries(given));
}
