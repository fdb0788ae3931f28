// From Temporal's history events to facts of a run: decodes payloads and forgets what says nothing
// about the run. One reader per history, because an end of an activity names only its beginning.

import type { LoadedDataConverter } from "@temporalio/common";
import {
  decodeFromPayloadsAtIndex,
  decodeOptionalSinglePayload,
} from "@temporalio/common/lib/internal-non-workflow/index.js";
import { tsToMs } from "@temporalio/common/lib/time.js";
import type { temporal } from "@temporalio/proto";
import type { CallResult, LookResult, ModelCall, Ticket, Unserved } from "../domain/call.ts";
import type {
  OpenRunResult,
  RunInput,
  RunToolInput,
  RunToolResult,
  UserMessage,
  Waiting,
} from "../domain/run.ts";
import { NO_APPROVALS, type Approvals } from "../domain/approval.ts";
import type { RunResult } from "../domain/outcome.ts";
import { APPROVALS_MEMO, SIGNALS, WAITING_MEMO } from "../temporal/names.ts";

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
type Payload = temporal.api.common.v1.IPayload;
type Failure = temporal.api.failure.v1.IFailure;

export type Fact = FactBody & { readonly eventId: number; readonly atMs: number };

export interface FailureFact {
  readonly code: string;
  readonly message: string;
}

export type FactBody =
  | { readonly kind: "started"; readonly input: RunInput }
  | { readonly kind: "opened"; readonly result: OpenRunResult }
  | {
      readonly kind: "callScheduled";
      readonly activityId: string;
      readonly input: ModelCall;
    }
  | {
      readonly kind: "callFinished";
      readonly scheduledId: number;
      readonly result: Exclude<CallResult, Ticket>;
    }
  /** The batch lane gave no reply; the call is made once more. */
  | { readonly kind: "callUnserved"; readonly result: Unserved }
  | { readonly kind: "callFailed"; readonly scheduledId: number; readonly failure: FailureFact }
  | { readonly kind: "toolScheduled"; readonly activityId: string; readonly input: RunToolInput }
  | {
      readonly kind: "toolFinished";
      /** Null where the tool ran inside the workflow task. */
      readonly scheduledId: number | null;
      readonly result: RunToolResult;
    }
  | {
      readonly kind: "toolFailed";
      readonly scheduledId: number | null;
      readonly failure: FailureFact;
    }
  | { readonly kind: "waitingChanged"; readonly waiting: Waiting | null }
  | { readonly kind: "said"; readonly message: UserMessage }
  | { readonly kind: "approvalsChanged"; readonly approvals: Approvals }
  | { readonly kind: "movedOn"; readonly nextExecutionId: string }
  | { readonly kind: "ended"; readonly result: RunResult }
  | { readonly kind: "broken"; readonly how: Broken; readonly failure: FailureFact };

/** Ends that the workflow did not write itself. */
export type Broken = "failed" | "cancelled" | "terminated" | "timedOut";

export interface FactReader {
  /** Null where the event says nothing about the run. Events must come in order. */
  read(event: HistoryEvent): Promise<Fact | null>;
}

export function createFactReader(converter: LoadedDataConverter): FactReader {
  const scheduled = new Map<number, string>();
  const read = async (event: HistoryEvent): Promise<FactBody | null> =>
    (await activityFact(event, converter, scheduled)) ??
    (await saidFact(event, converter)) ??
    (await runFact(event, converter));
  return {
    async read(event) {
      const body = await read(event);
      if (body === null) return null;
      return { ...body, eventId: idOf(event.eventId), atMs: tsToMs(event.eventTime) };
    },
  };
}

export function idOf(id: { toString(): string } | null | undefined): number {
  return Number(id?.toString() ?? 0);
}

async function activityFact(
  event: HistoryEvent,
  converter: LoadedDataConverter,
  scheduled: Map<number, string>,
): Promise<FactBody | null> {
  const begun = event.activityTaskScheduledEventAttributes;
  if (begun != null) {
    const name = begun.activityType?.name ?? "";
    scheduled.set(idOf(event.eventId), name);
    return await scheduledFact(name, begun.activityId ?? "", begun.input?.payloads, converter);
  }
  const completed = event.activityTaskCompletedEventAttributes;
  if (completed != null) {
    const scheduledId = idOf(completed.scheduledEventId);
    const name = scheduled.get(scheduledId) ?? "";
    return await finishedFact({ name, scheduledId }, completed.result?.payloads, converter);
  }
  const marker = event.markerRecordedEventAttributes;
  if (marker?.markerName === "core_local_activity") return await inlineFact(marker, converter);
  return failedFact(event, scheduled);
}

async function scheduledFact(
  name: string,
  activityId: string,
  payloads: Payload[] | null | undefined,
  converter: LoadedDataConverter,
): Promise<FactBody | null> {
  switch (name) {
    case "callModel": {
      const input = await first<ModelCall>(converter, payloads);
      return { kind: "callScheduled", activityId, input };
    }
    case "runTool": {
      const input = await first<RunToolInput>(converter, payloads);
      return { kind: "toolScheduled", activityId, input };
    }
    default:
      return null;
  }
}

async function finishedFact(
  { name, scheduledId }: { readonly name: string; readonly scheduledId: number },
  payloads: Payload[] | null | undefined,
  converter: LoadedDataConverter,
): Promise<FactBody | null> {
  switch (name) {
    case "openRun":
      return { kind: "opened", result: await first<OpenRunResult>(converter, payloads) };
    case "callModel":
    case "lookAtCall": {
      const result = await first<CallResult | LookResult>(converter, payloads);
      return callFact(scheduledId, result);
    }
    case "runTool": {
      const result = await first<RunToolResult>(converter, payloads);
      return { kind: "toolFinished", scheduledId, result };
    }
    default:
      return null;
  }
}

function callFact(scheduledId: number, result: CallResult | LookResult): FactBody | null {
  switch (result.kind) {
    case "submitted":
    case "pending":
      return null;
    case "unserved":
      return { kind: "callUnserved", result };
    case "replied":
    case "denied":
    case "interrupted":
      return { kind: "callFinished", scheduledId, result };
  }
}

function failedFact(event: HistoryEvent, scheduled: ReadonlyMap<number, string>): FactBody | null {
  const failed =
    event.activityTaskFailedEventAttributes ??
    event.activityTaskTimedOutEventAttributes ??
    event.activityTaskCanceledEventAttributes;
  if (failed == null) return null;
  const scheduledId = idOf(failed.scheduledEventId);
  const failure =
    "failure" in failed ? failureFact(failed.failure) : { code: "CANCELLED", message: "cancelled" };
  const name = scheduled.get(scheduledId);
  if (name === "callModel") return { kind: "callFailed", scheduledId, failure };
  return name === "runTool" ? { kind: "toolFailed", scheduledId, failure } : null;
}

/** Core's marker of a local activity: `data` says which it was, `result` or the failure how it ended. */
async function inlineFact(
  marker: temporal.api.history.v1.IMarkerRecordedEventAttributes,
  converter: LoadedDataConverter,
): Promise<FactBody | null> {
  const data = await first<{ readonly activity_type?: string }>(
    converter,
    marker.details?.["data"]?.payloads,
  );
  if (data.activity_type !== "runTool") return null;
  if (marker.failure != null) {
    return { kind: "toolFailed", scheduledId: null, failure: failureFact(marker.failure) };
  }
  const result = await first<RunToolResult>(converter, marker.details?.["result"]?.payloads);
  return { kind: "toolFinished", scheduledId: null, result };
}

async function saidFact(
  event: HistoryEvent,
  converter: LoadedDataConverter,
): Promise<FactBody | null> {
  const signal = event.workflowExecutionSignaledEventAttributes;
  if (signal?.signalName !== SIGNALS.say) return null;
  return { kind: "said", message: await first<UserMessage>(converter, signal.input?.payloads) };
}

async function runFact(
  event: HistoryEvent,
  converter: LoadedDataConverter,
): Promise<FactBody | null> {
  const started = event.workflowExecutionStartedEventAttributes;
  if (started != null) {
    return { kind: "started", input: await first<RunInput>(converter, started.input?.payloads) };
  }
  const memo = event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields;
  if (memo != null) return await memoFact(memo, converter);
  const moved = event.workflowExecutionContinuedAsNewEventAttributes;
  if (moved != null) return { kind: "movedOn", nextExecutionId: moved.newExecutionRunId ?? "" };
  const completed = event.workflowExecutionCompletedEventAttributes;
  if (completed != null) {
    return { kind: "ended", result: await first<RunResult>(converter, completed.result?.payloads) };
  }
  return brokenFact(event);
}

async function memoFact(
  memo: Readonly<Record<string, Payload>>,
  converter: LoadedDataConverter,
): Promise<FactBody | null> {
  if (WAITING_MEMO in memo) {
    const waiting = await decodeOptionalSinglePayload<Waiting>(converter, memo[WAITING_MEMO]);
    return { kind: "waitingChanged", waiting: waiting ?? null };
  }
  if (!(APPROVALS_MEMO in memo)) return null;
  const changed = await decodeOptionalSinglePayload<Approvals>(converter, memo[APPROVALS_MEMO]);
  return { kind: "approvalsChanged", approvals: changed ?? NO_APPROVALS };
}

function brokenFact(event: HistoryEvent): FactBody | null {
  const broken = (how: Broken, failure: FailureFact): FactBody => ({
    kind: "broken",
    how,
    failure,
  });
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed != null) return broken("failed", failureFact(failed.failure));
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated != null) {
    const reason = terminated.reason ?? "";
    const message = `the run was terminated from outside${reason === "" ? "" : `: ${reason}`}`;
    return broken("terminated", { code: "TERMINATED", message });
  }
  if (event.workflowExecutionTimedOutEventAttributes != null) {
    return broken("timedOut", { code: "TIMED_OUT", message: "Temporal timed the run out" });
  }
  if (event.workflowExecutionCanceledEventAttributes != null) {
    return broken("cancelled", { code: "CANCELLED", message: "the run was cancelled" });
  }
  return null;
}

/** The innermost cause says what went wrong; the outer layers say only where. */
function failureFact(failure: Failure | null | undefined): FailureFact {
  const cause = failure?.cause;
  if (cause != null) return failureFact(cause);
  const type = failure?.applicationFailureInfo?.type ?? "";
  const timedOut = failure?.timeoutFailureInfo != null;
  const code = timedOut ? "TIMED_OUT" : type === "" ? "FAILED" : type;
  return { code, message: failure?.message ?? "no reason is known" };
}

async function first<T>(
  converter: LoadedDataConverter,
  payloads: Payload[] | null | undefined,
): Promise<T> {
  return await decodeFromPayloadsAtIndex<T>(converter, 0, payloads ?? null);
}
