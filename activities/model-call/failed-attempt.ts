// An attempt that the provider failed: its hold is resolved, the viewers are told, and the run hears either
// why not now, or an error that Temporal retries as the catalogue says.

import type { Denial } from "../../src/domain/call.ts";
import { CATALOGUE } from "../../src/domain/errors.ts";
import { CallAborted, ModelCallError } from "../../src/model/model.ts";
import type { Held } from "../../src/store/ledger.ts";
import { aborted, failure } from "../attempt.ts";
import type { CallAttempt } from "./call-attempt.ts";
import { logFailure } from "./call-log.ts";
import { deniedByProvider } from "./denial.ts";

/** `held` is null where the provider was asked for no more than a count of tokens. */
export async function afterFailure(
  at: CallAttempt,
  error: unknown,
  held: Held | null,
): Promise<Denial> {
  if (error instanceof CallAborted) {
    await at.money.lose();
    throw aborted(at.attempt);
  }
  if (!(error instanceof ModelCallError)) throw error;
  const crashTaxMicroUsd = held === null ? at.crashTaxMicroUsd : await resolved(at, error, held);
  const denial = deniedByProvider({ ...at, crashTaxMicroUsd }, error);
  const { code, message, retryAfterMs } = error;
  const nextAttemptAt = nextAttemptOf(at, error, denial);
  if (held !== null && at.call.lane === "live") {
    at.deps.deltas.mark(at.attempt, { kind: "failed", code, message, nextAttemptAt });
  }
  logFailure(at, error, nextAttemptAt);
  if (denial !== null) return denial;
  const nextRetryDelayMs = nextAttemptAt === null ? null : retryAfterMs;
  throw failure(code, message, { nextRetryDelayMs, cause: error });
}

/** Says what lost attempts at this call have cost by now. */
async function resolved(
  { money }: CallAttempt,
  { billing }: ModelCallError,
  { crashTaxMicroUsd, heldMicroUsd }: Held,
): Promise<number> {
  if (billing === "unknown") {
    await money.lose();
    return crashTaxMicroUsd + heldMicroUsd;
  }
  await money.release({ sent: billing === "free" });
  return crashTaxMicroUsd;
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
