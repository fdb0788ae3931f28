// Who is at work: the identity of one attempt of one activity, as the ledger and the live view file it.

import { ApplicationFailure, CancelledFailure, Context } from "@temporalio/activity";
import { CATALOGUE, isPawlError, type ErrorCode } from "../src/domain/errors.ts";

export interface Attempt {
  readonly runId: string;
  /** Temporal's id of this history of the run; a reset or a fresh history has another. */
  readonly executionId: string;
  readonly activityId: string;
  readonly attempt: number;
  /** The same for all attempts of this activity, and for no other. */
  readonly callKey: string;
  readonly signal: AbortSignal;
  /** True where the run itself wants the attempt to stop, and not only this worker. */
  isUnwanted(): boolean;
  heartbeat(details: unknown): void;
}

export function thisAttempt(): Attempt {
  const context = Context.current();
  const { activityId, attempt, workflowExecution } = context.info;
  if (workflowExecution === undefined) throw new Error("runs of no workflow are not served");
  const { workflowId: runId, runId: executionId } = workflowExecution;
  return {
    runId,
    executionId,
    activityId,
    attempt,
    callKey: `${runId}/${executionId}/${activityId}`,
    signal: context.cancellationSignal,
    isUnwanted: () => context.cancellationDetails?.cancelRequested ?? false,
    heartbeat: (details) => context.heartbeat(details),
  };
}

/** A cancel arrives with the answer to a heartbeat, so this bounds how late it comes. */
const BEAT_EVERY_MAX_MS = 1000;

/** Until `stop` is called. */
export function keepBeating(attempt: Attempt, heartbeatTimeoutMs: number): { stop(): void } {
  const everyMs = Math.min(heartbeatTimeoutMs / 4, BEAT_EVERY_MAX_MS);
  const beating = setInterval(() => attempt.heartbeat(null), everyMs);
  return { stop: () => clearInterval(beating) };
}

/** One hold an attempt; a reset or a fresh history never meets an old one. */
export function holdIdOf({ callKey, attempt }: Attempt): string {
  return `${callKey}/${attempt}`;
}

/** An error of the catalogue as Temporal understands it; the catalogue decides whether it is final. */
export function failure(
  code: ErrorCode,
  message: string,
  options: { readonly nextRetryDelayMs?: number | null; readonly cause?: unknown } = {},
): ApplicationFailure {
  const { nextRetryDelayMs, cause } = options;
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: CATALOGUE[code].fate !== "retry" || code === "TRANSCRIPT_MISSING",
    ...(typeof nextRetryDelayMs === "number" ? { nextRetryDelay: nextRetryDelayMs } : {}),
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** Errors of the catalogue leave the work as Temporal understands them. */
export async function asFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
    throw error;
  }
}

/**
 * What an aborted activity throws. A worker that shuts down is nobody's wish to stop the run: the
 * attempt fails and the next worker takes over.
 */
export function aborted(attempt: Attempt): Error {
  if (attempt.isUnwanted()) return new CancelledFailure("CANCELLED");
  const reason = reasonOf(attempt.signal);
  return failure("PROVIDER_UNAVAILABLE", `this worker gave up the attempt: ${reason}`);
}

function reasonOf(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason.message : String(reason);
}
