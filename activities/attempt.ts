// Who is at work: the identity of one attempt of one activity, as the ledger and the live view file it, what
// Temporal has said to it, and how it says that it was stopped.

import { types } from "node:util";
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
  /** When its first attempt was scheduled, by the clock of Temporal's server. */
  readonly scheduledAtMs: number;
  /** How long Temporal waits for a beat; null where it waits for none. As the run was opened, whatever holds here now. */
  readonly heartbeatTimeoutMs: number | null;
  /** What the attempt before this one said with its last beat; null where it said nothing. */
  readonly before: unknown;
  /** Aborted where the attempt must end. */
  readonly signal: AbortSignal;
  /** Aborted then, and where Temporal has given the attempt up: nobody will hear what it returns. */
  readonly over: AbortSignal;
  /** True where the run itself wants the attempt to stop, and not only this worker. */
  isUnwanted(): boolean;
  /** True where Temporal has said so itself: else it would not take a cancelled attempt for one. */
  isCancelKnown(): boolean;
  heartbeat(details: unknown): void;
}

/** Ends whenever Temporal says so; one that may outlive that begins in begin-attempt.ts. */
export function thisAttempt(): Attempt {
  const context = Context.current();
  const { activityId, attempt, workflowExecution, scheduledTimestampMs } = context.info;
  const { heartbeatTimeoutMs = 0 } = context.info;
  const before: unknown = context.info.heartbeatDetails ?? null;
  if (workflowExecution === undefined) throw new Error("runs of no workflow are not served");
  const { workflowId: runId, runId: executionId } = workflowExecution;
  return {
    runId,
    executionId,
    activityId,
    attempt,
    callKey: `${runId}/${executionId}/${activityId}`,
    scheduledAtMs: scheduledTimestampMs,
    before,
    heartbeatTimeoutMs: heartbeatTimeoutMs > 0 ? heartbeatTimeoutMs : null,
    signal: context.cancellationSignal,
    over: context.cancellationSignal,
    isUnwanted: () => wordOf(context) === "cancelled",
    isCancelKnown: () => wordOf(context) === "cancelled",
    heartbeat: (details) => context.heartbeat(details),
  };
}

/**
 * What Temporal says to an attempt, once. `givenUp`: the server knows the attempt no longer, or did not hear
 * of it in time, which says nothing about the run; `setAside`: an operator pauses or resets the activity.
 */
export type TemporalWord = "cancelled" | "setAside" | "leaving" | "givenUp";

/** Null where it has said nothing yet. */
export function wordOf({ cancellationSignal, cancellationDetails }: Context): TemporalWord | null {
  if (!cancellationSignal.aborted) return null;
  if (cancellationDetails?.cancelRequested === true) return "cancelled";
  if (cancellationDetails?.paused === true || cancellationDetails?.reset === true)
    return "setAside";
  const isGivenUp =
    cancellationDetails?.notFound === true || cancellationDetails?.timedOut === true;
  return isGivenUp ? "givenUp" : "leaving";
}

/** A stop does not wait for a beat (stop-attempts.ts); where it reaches nobody, it comes with the answer to one. */
const BEAT_EVERY_MAX_MS = 5000;

/** How often the server hears that an attempt lives. */
export function beatEveryMs(heartbeatTimeoutMs: number): number {
  return Math.min(heartbeatTimeoutMs / 4, BEAT_EVERY_MAX_MS);
}

/** Until `stop` is called. What the attempt before said stays said. */
export function keepBeating(attempt: Attempt): { stop(): void } {
  const { heartbeatTimeoutMs } = attempt;
  if (heartbeatTimeoutMs === null) return { stop: () => undefined };
  const beating = setInterval(
    () => attempt.heartbeat(attempt.before),
    beatEveryMs(heartbeatTimeoutMs),
  );
  return { stop: () => clearInterval(beating) };
}

/** One hold an attempt; a reset or a fresh history never meets an old one. */
export function holdIdOf({ callKey, attempt }: Pick<Attempt, "callKey" | "attempt">): string {
  return `${callKey}/${attempt}`;
}

interface FailureOptions {
  readonly nextRetryDelayMs?: number | null;
  /** Whatever the catalogue says. */
  readonly isFinal?: boolean;
  readonly cause?: unknown;
}

/** An error of the catalogue as Temporal understands it; the catalogue decides whether it is final. */
export function failure(
  code: ErrorCode,
  message: string,
  options: FailureOptions = {},
): ApplicationFailure {
  const { nextRetryDelayMs, isFinal = false, cause } = options;
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: isFinal || CATALOGUE[code].fate !== "retry" || code === "TRANSCRIPT_MISSING",
    ...(typeof nextRetryDelayMs === "number" ? { nextRetryDelay: nextRetryDelayMs } : {}),
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/**
 * Errors of the catalogue leave the work as Temporal understands them. Any other is a fault of ours: who ordered the
 * run is told that, and not what our database or our code calls its parts; the operator reads it in the history.
 */
export async function asFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isPawlError(error)) throw failure(error.code, error.message, { cause: error });
    if (!types.isNativeError(error) || TEMPORALS_OWN.includes(error.name)) throw error;
    throw failure("WORKER_FAULT", "the worker met a fault of its own", { cause: error });
  }
}

/** And what says that an attempt was stopped. */
const TEMPORALS_OWN: readonly string[] = [
  "ApplicationFailure",
  "CancelledFailure",
  "CompleteAsyncError",
  "AbortError",
];

/**
 * What an aborted activity throws. A worker that shuts down is nobody's wish to stop the run: the
 * attempt fails and the next worker takes over.
 */
export function aborted(attempt: Attempt): Error {
  if (!attempt.isUnwanted()) {
    const reason = reasonOf(attempt.over);
    return failure("PROVIDER_UNAVAILABLE", `this worker gave up the attempt: ${reason}`);
  }
  if (attempt.isCancelKnown()) return new CancelledFailure("CANCELLED");
  return ApplicationFailure.create({
    type: "CANCELLED",
    message: "cancelled",
    nonRetryable: true,
    category: "BENIGN",
  });
}

function reasonOf(signal: AbortSignal): string {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason.message : String(reason);
}
