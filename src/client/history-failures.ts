// How an activity failed, and how a run was broken off from outside, as its history says it. The outermost code
// counts, as it does for the run itself: what lies below it says more of how and less of what.

import type { temporal } from "@temporalio/proto";
import type { HistoryEvent } from "../temporal/payloads.ts";

type Failure = temporal.api.failure.v1.IFailure;

interface FailureSeen {
  /** Empty where the failure has none. */
  readonly code: string;
  readonly message: string;
}

/** Ends that the workflow did not write itself. */
export interface BrokenOff extends FailureSeen {
  readonly kind: "broken";
  readonly how: "failed" | "cancelled" | "terminated" | "timedOut";
}

export function failureOf(failure: Failure | null | undefined): FailureSeen {
  if (failure?.canceledFailureInfo != null) return CANCELLED;
  const code = failure?.applicationFailureInfo?.type ?? "";
  return { code, message: failure?.message ?? "no reason is known" };
}

const CANCELLED: FailureSeen = { code: "CANCELLED", message: "cancelled" };

export interface ActivityFailed extends FailureSeen {
  /** The id of the event with which it began. */
  readonly scheduledId: string;
  readonly wasCancelled: boolean;
}

/** Null of any other event. */
export function failedActivity(event: HistoryEvent): ActivityFailed | null {
  const cancelled = event.activityTaskCanceledEventAttributes;
  if (cancelled != null) {
    return { scheduledId: String(cancelled.scheduledEventId), ...CANCELLED, wasCancelled: true };
  }
  const failed =
    event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
  if (failed == null) return null;
  const scheduledId = String(failed.scheduledEventId);
  const seen = failureOf(failed.failure);
  // A worker may hear of a stop before Temporal does, and then says so itself.
  return { scheduledId, ...seen, wasCancelled: seen.code === CANCELLED.code };
}

/** Null where the run was not. */
export function brokenOff(event: HistoryEvent): BrokenOff | null {
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed != null) {
    const { code, message } = failureOf(failed.failure);
    return { kind: "broken", how: "failed", code: code || "FAILED", message };
  }
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated != null) {
    const reason = terminated.reason ?? "";
    const message = `the run was terminated from outside${reason === "" ? "" : `: ${reason}`}`;
    return { kind: "broken", how: "terminated", code: "TERMINATED", message };
  }
  if (event.workflowExecutionTimedOutEventAttributes != null) {
    const message = "Temporal timed the run out";
    return { kind: "broken", how: "timedOut", code: "TIMED_OUT", message };
  }
  if (event.workflowExecutionCanceledEventAttributes == null) return null;
  return { kind: "broken", how: "cancelled", code: "CANCELLED", message: "the run was cancelled" };
}
