// An attempt that the provider failed: its hold is resolved, the viewers are told, and the run hears either
// why not now, or an error that Temporal retries as the catalogue says, but not where the same would come again.

import type { Denial } from "../../src/domain/call.ts";
import { CATALOGUE } from "../../src/domain/errors.ts";
import { CallAborted, ModelCallError, type Billing } from "../../src/model/model.ts";
import { aborted, failure } from "../attempt.ts";
import type { CallAttempt } from "./call-attempt.ts";
import { logFailure } from "./call-log.ts";
import { deniedByProvider } from "./denial.ts";
import { failureAfter, failureBefore, isRepeated } from "./failure-before.ts";
import type { HeldCall } from "./lane.ts";
import { lossOf, type Counted } from "./loss.ts";

/** Of an attempt that had its hold. */
export async function afterFailure(at: HeldCall, error: unknown): Promise<Denial> {
  if (error instanceof CallAborted) {
    await givenUp(at, error);
    throw aborted(at.attempt);
  }
  if (!(error instanceof ModelCallError)) throw error;
  const crashTaxMicroUsd = at.held.crashTaxMicroUsd + (await resolved(at, error));
  return told({ ...at, crashTaxMicroUsd }, error, at.call.lane === "live");
}

/** Where the provider was asked for no more than a count of tokens. */
export function afterFailedCount(at: CallAttempt, error: unknown): Denial {
  if (!(error instanceof ModelCallError)) throw error;
  return told(at, error, false);
}

/** Of a call that the run, or this worker, gave up; says what it may have cost. */
export async function givenUp(at: HeldCall, { heard, wasSent }: CallAborted): Promise<number> {
  if (!wasSent) {
    await at.money.release({ sent: false });
    return 0;
  }
  return await lost(at, "unknown", heard);
}

async function resolved(at: HeldCall, error: ModelCallError): Promise<number> {
  const { billing, progress } = error;
  if (billing === "prompt" || billing === "unknown") {
    const counted = progress && { model: progress.model, usage: progress.counted };
    return await lost(at, billing, counted);
  }
  await at.money.release({ sent: billing === "free" });
  return 0;
}

async function lost(
  at: HeldCall,
  billing: Extract<Billing, "prompt" | "unknown">,
  counted: Counted | null,
): Promise<number> {
  const loss = lossOf(at, { billing, counted });
  await at.money.lose(loss);
  return loss.spentMicroUsd + loss.fearedMicroUsd;
}

function told(at: CallAttempt, error: ModelCallError, isShown: boolean): Denial {
  const { attempt, deps } = at;
  const seen = failureAfter(failureBefore(attempt.before), error);
  const isFinal = error.isFinal || isRepeated(seen, error);
  attempt.heartbeat(seen);
  const denial = deniedByProvider(at, error);
  const { code, message, retryAfterMs } = error;
  const nextAttemptAt = isFinal && denial === null ? null : nextAttemptOf(at, error, denial);
  if (isShown) deps.deltas.mark(attempt, { kind: "failed", code, message, nextAttemptAt });
  logFailure(at, error, nextAttemptAt);
  if (denial !== null) return denial;
  const nextRetryDelayMs = nextAttemptAt === null ? null : retryAfterMs;
  throw failure(code, message, { nextRetryDelayMs, isFinal, cause: error });
}

/** ISO 8601; null where this model is not tried again. */
function nextAttemptOf(
  { deps: { config }, attempt: { attempt } }: CallAttempt,
  { code, retryAfterMs }: ModelCallError,
  denial: Denial | null,
): string | null {
  if (denial !== null) return denial.why === "rate_limited" ? denial.notBefore : null;
  const isRetried = CATALOGUE[code].fate === "retry" && attempt < config.retries.maxAttempts;
  const waitMs = retryAfterMs ?? config.retries.initialMs * 2 ** (attempt - 1);
  return isRetried ? new Date(Date.now() + waitMs).toISOString() : null;
}
