// A model that is overloaded or away gets a few attempts where the run has another to ask: then the call
// ends as a denial, and the workflow decides who is asked next.

import type { ErrorCode } from "../src/domain/errors.ts";
import type { CallModelInput, Denial } from "../src/domain/run.ts";
import { ModelCallError } from "../src/model/model.ts";
import type { Attempt } from "./attempt.ts";
import type { Held, Purchase } from "./buy-reply.ts";
import { denialFor, OUTAGES } from "./capacity.ts";
import type { ActivityDeps } from "./deps.ts";

/** True where the run asks another model instead of trying this one again. */
export function isHandedOn(
  code: ErrorCode,
  { attempt }: Attempt,
  { course }: CallModelInput,
): boolean {
  return OUTAGES.includes(code) && attempt >= (course?.attemptsMax ?? Number.POSITIVE_INFINITY);
}

/** Null where the error is for Temporal to retry, or the end of the run. */
export function handOn(
  error: unknown,
  { config }: ActivityDeps,
  { attempt, input, request }: Purchase,
  { heldMicroUsd, crashTaxMicroUsd }: Held,
): Denial | null {
  const cause = error instanceof Error ? error.cause : null;
  if (!(cause instanceof ModelCallError) || !isHandedOn(cause.code, attempt, input)) return null;
  const lost = cause.billing === "unknown" ? heldMicroUsd : 0;
  return denialFor(cause.retryAfterMs ?? config.retries.initialMs, {
    message: `${request.model} gave no reply up to attempt ${attempt.attempt}: ${cause.message}`,
    crashTaxMicroUsd: crashTaxMicroUsd + lost,
    away: "overloaded",
  });
}
