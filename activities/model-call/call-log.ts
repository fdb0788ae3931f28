// Every line that the pipeline of a call writes to the log.

import type { Denial, Reply, Unserved } from "../../src/domain/call.ts";
import { promptTokens } from "../../src/domain/usage.ts";
import type { Log } from "../../src/log.ts";
import type { ModelCallError } from "../../src/model/model.ts";
import type { CallAttempt } from "./call-attempt.ts";

function who({ attempt, call }: CallAttempt) {
  const { tenant, agent } = call.payer;
  return { runId: attempt.runId, tenant, agent, turn: call.turn };
}

/** Caps that run low, and a model that is another than before. */
export function logAsked(at: CallAttempt): void {
  const { log } = at.deps;
  for (const warning of at.call.warnings) {
    const { limit } = warning;
    const line = { event: "budget_warning", ...who(at), ...warning };
    log.warn(line, `80 % of the ${limit} budget is used`);
  }
  const { model, change } = at.call.course;
  if (change === undefined) return;
  const { message, ...fromWhere } = change;
  log.info({ event: "model_changed", ...who(at), model, ...fromWhere }, message);
}

export function logGateWait(at: CallAttempt, denial: Denial): void {
  const { why, message } = denial;
  const nextAttemptAt = "notBefore" in denial ? denial.notBefore : null;
  at.deps.log.info({ event: "capacity_wait", ...who(at), why, nextAttemptAt }, message);
}

export function logReply(
  at: CallAttempt,
  result: Reply,
  { latencyMs, requestId }: { readonly latencyMs: number; readonly requestId: string | null },
): void {
  const { kind } = at.call.purpose;
  at.deps.log.info(
    {
      event: "model_call",
      ...who(at),
      ...(kind !== "work" && { purpose: kind }),
      model: result.model,
      stop_reason: result.stopReason,
      prompt_tokens: promptTokens(result.usage),
      ...result.usage,
      costMicroUsd: result.costMicroUsd,
      crashTaxMicroUsd: result.crashTaxMicroUsd,
      latency_ms: Math.round(latencyMs),
      attempt: at.attempt.attempt,
      requestId,
    },
    "the model replied",
  );
}

export function logStopped(at: CallAttempt): void {
  at.deps.log.info({ event: "model_stopped", ...who(at) }, "stopped before its first word");
}

export function logFailure(
  at: CallAttempt,
  { code, message }: ModelCallError,
  nextAttemptAt: string | null,
): void {
  const isAlert = code === "PROVIDER_AUTH";
  at.deps.log[isAlert ? "error" : "warn"](
    {
      event: nextAttemptAt === null ? "model_failed" : "model_retry",
      ...who(at),
      model: at.call.course.model,
      attempt: at.attempt.attempt,
      code,
      nextAttemptAt,
      ...(isAlert && { alert: true }),
    },
    message,
  );
}

export function logSubmission(at: CallAttempt, providerBatchId: string | null): void {
  at.deps.log.info(
    { event: "batch_submitted", ...who(at), model: at.call.course.model, providerBatchId },
    providerBatchId === null
      ? "whether the batch was made is not known yet"
      : "the call is in a batch",
  );
}

export function logUnserved(at: CallAttempt, { code, message }: Unserved): void {
  at.deps.log.warn({ event: "batch_unserved", ...who(at), code }, message);
}

export function logCircuit(log: Log, key: string, turned: "opened" | "closed"): void {
  const isOpen = turned === "opened";
  log.warn(
    { event: isOpen ? "circuit_opened" : "circuit_closed", key, alert: isOpen },
    isOpen ? "the provider fails: calls wait but for probes" : "the provider is back",
  );
}

export function logGateNotTold(log: Log, key: string, error: unknown): void {
  log.warn({ event: "gate_not_told", key, err: error }, "the gate did not hear of a call");
}
