// Every event that the pipeline of a call tells.

import type { Denial, Reply, Unserved } from "../../src/domain/call.ts";
import type { Charge } from "../../src/domain/charge.ts";
import { promptTokens } from "../../src/domain/usage.ts";
import type { ModelCallError } from "../../src/model/model.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import type { GateTurn } from "../../src/store/gates.ts";
import type { Alive } from "../../src/store/ledger.ts";
import type { CallAttempt } from "./call-attempt.ts";

function who({ attempt, call }: CallAttempt) {
  const { tenant, agent } = call.payer;
  return { runId: attempt.runId, tenant, agent, turn: call.turn };
}

/** Caps that run low, and a model that is another than before. */
export function logAsked(at: CallAttempt): void {
  const { telemetry } = at.deps;
  for (const warning of at.call.warnings) {
    telemetry.emit({ event: "budget_warning", ...who(at), ...warning });
  }
  const { model, change } = at.call.course;
  if (change !== undefined)
    telemetry.emit({ event: "model_changed", ...who(at), model, ...change });
}

export function logGateWait(at: CallAttempt, denial: Denial): void {
  const { why, message } = denial;
  const nextAttemptAt = "notBefore" in denial ? denial.notBefore : null;
  at.deps.telemetry.emit({ event: "capacity_wait", ...who(at), why, nextAttemptAt, message });
}

/** That an earlier attempt is at work in a worker that lives. */
export function logAwaited(at: CallAttempt, { attempt: awaited, leaseEndsInMs }: Alive): void {
  const { attempt } = at.attempt;
  at.deps.telemetry.emit({ event: "attempt_awaited", ...who(at), attempt, awaited, leaseEndsInMs });
}

export function logReply(
  at: CallAttempt,
  result: Reply,
  { latencyMs, requestId }: { readonly latencyMs: number; readonly requestId: string | null },
): void {
  const { kind } = at.call.purpose;
  at.deps.telemetry.emit({
    event: "model_call",
    ...who(at),
    ...(kind !== "work" && { purpose: kind }),
    model: result.model,
    stopReason: result.stopReason,
    promptTokens: promptTokens(result.usage),
    ...result.usage,
    ...(result.estimated !== undefined && { estimated: result.estimated }),
    costMicroUsd: result.costMicroUsd,
    crashTaxMicroUsd: result.crashTaxMicroUsd,
    latencyMs: Math.round(latencyMs),
    attempt: at.attempt.attempt,
    requestId,
  });
}

/** What the provider says of what a reply used, and can't be; that it counts none at all, once a conversation. */
export function logContradictions(
  at: CallAttempt,
  { model, costMicroUsd }: Reply,
  { basis, contradictions }: Charge,
): void {
  if (contradictions.length === 0) return;
  if (basis === "uncounted" && at.call.headTokens > 0) return;
  const event = basis === "uncounted" ? "usage_uncounted" : "usage_implausible";
  at.deps.telemetry.emit({ event, ...who(at), model, costMicroUsd, contradictions });
}

export function logStopped(at: CallAttempt): void {
  at.deps.telemetry.emit({ event: "model_stopped", ...who(at) });
}

export function logFailure(
  at: CallAttempt,
  { code, message }: ModelCallError,
  nextAttemptAt: string | null,
): void {
  const { model } = at.call.course;
  const { attempt } = at.attempt;
  const failed = { ...who(at), model, attempt, code, message, nextAttemptAt };
  at.deps.telemetry.emit(
    nextAttemptAt === null
      ? { event: "model_failed", ...failed }
      : { event: "model_retry", ...failed },
  );
}

export function logSubmission(at: CallAttempt, providerBatchId: string | null): void {
  const { model } = at.call.course;
  at.deps.telemetry.emit({ event: "batch_submitted", ...who(at), model, providerBatchId });
}

export function logUnserved(at: CallAttempt, { code, message }: Unserved): void {
  at.deps.telemetry.emit({ event: "batch_unserved", ...who(at), code, message });
}

const OF_TURN = {
  opened: "circuit_opened",
  closed: "circuit_closed",
  refusing: "provider_refuses",
} as const satisfies Record<GateTurn, string>;

export function logTurn({ emit }: Telemetry, key: string, turned: GateTurn): void {
  emit({ event: OF_TURN[turned], key });
}

export function logFailedProbe(at: CallAttempt, { message }: ModelCallError): void {
  at.deps.telemetry.emit({ event: "probe_failed", ...who(at), message });
}

export function logGateNotTold({ emit }: Telemetry, key: string, error: unknown): void {
  emit({ event: "gate_not_told", key, error });
}
