// History events in the shape in which Temporal 1.29 was seen to write them.

import { defaultPayloadConverter } from "@temporalio/common";
import { msNumberToTs } from "@temporalio/common/lib/time.js";
import type { temporal } from "@temporalio/proto";
import type { HistoryEvent } from "../../src/temporal/payloads.ts";
import { T0_MS } from "./run-facts.ts";

type IFailure = temporal.api.failure.v1.IFailure;
type Attributes = Omit<HistoryEvent, "eventId" | "eventTime">;

export function eventAt(eventId: number, attributes: Attributes): HistoryEvent {
  return { ...attributes, eventId: long(eventId), eventTime: msNumberToTs(T0_MS + eventId) };
}

/** A number where the wire has a Long: both print alike. */
function long(number: number): never {
  return number as never;
}

export function payloads(value: unknown) {
  return { payloads: [defaultPayloadConverter.toPayload(value)] };
}

/** Where in its chain a history stands, by Temporal's run ids. */
export interface InChain {
  readonly first: string;
  readonly own: string;
  readonly previous?: string;
}

const ALONE: InChain = { first: "", own: "" };

export function started(input: unknown, { first, own, previous }: InChain = ALONE): Attributes {
  const isOwnWriting = typeof input === "object" && input !== null && "resumed" in input;
  return {
    workflowExecutionStartedEventAttributes: {
      input: payloads(input),
      firstExecutionRunId: first,
      originalExecutionRunId: own,
      continuedExecutionRunId: previous ?? (isOwnWriting ? "before" : ""),
    },
  };
}

export function scheduled(activityId: string, name: string, input: unknown): Attributes {
  return {
    activityTaskScheduledEventAttributes: {
      activityId,
      activityType: { name },
      input: payloads(input),
    },
  };
}

export function completed(scheduledEventId: number, result: unknown): Attributes {
  return {
    activityTaskCompletedEventAttributes: {
      scheduledEventId: long(scheduledEventId),
      result: payloads(result),
    },
  };
}

export interface Failure {
  readonly type: string;
  readonly message: string;
  readonly cause?: Failure;
}

export function failed(scheduledEventId: number, failure: Failure): Attributes {
  return {
    activityTaskFailedEventAttributes: {
      scheduledEventId: long(scheduledEventId),
      failure: failureOf(failure),
    },
  };
}

function failureOf({ type, message, cause }: Failure): IFailure {
  return {
    message,
    applicationFailureInfo: { type },
    ...(cause !== undefined && { cause: failureOf(cause) }),
  };
}

export function timedOut(scheduledEventId: number): Attributes {
  return {
    activityTaskTimedOutEventAttributes: {
      scheduledEventId: long(scheduledEventId),
      failure: { message: "activity StartToClose timeout", timeoutFailureInfo: {} },
    },
  };
}

export function cancelled(scheduledEventId: number): Attributes {
  return { activityTaskCanceledEventAttributes: { scheduledEventId: long(scheduledEventId) } };
}

/** How Core records a local activity. */
export function marker(
  name: string,
  ending: { readonly result: unknown } | { readonly failure: Failure },
): Attributes {
  const data = payloads({ seq: 4, attempt: 1, activity_id: "4", activity_type: name });
  return {
    markerRecordedEventAttributes: {
      markerName: "core_local_activity",
      ...("failure" in ending
        ? { details: { data }, failure: failureOf(ending.failure) }
        : { details: { data, result: payloads(ending.result) } }),
    },
  };
}

export function signaled(signalName: string, input?: unknown): Attributes {
  return { workflowExecutionSignaledEventAttributes: { signalName, input: payloads(input) } };
}

export function updateAccepted(name: string, input: unknown): Attributes {
  return {
    workflowExecutionUpdateAcceptedEventAttributes: {
      acceptedRequest: { input: { name, args: payloads(input) } },
    },
  };
}

/** `upsertMemo({ key: null })` is recorded as a payload of the encoding binary/null. */
export function memo(fields: Readonly<Record<string, unknown>>): Attributes {
  const encoded = Object.entries(fields).map(([name, value]) => [
    name,
    defaultPayloadConverter.toPayload(value ?? undefined),
  ]);
  return {
    workflowPropertiesModifiedEventAttributes: {
      upsertedMemo: { fields: Object.fromEntries(encoded) },
    },
  };
}

export function timerStarted(timerId: string, summary: string): Attributes {
  return {
    timerStartedEventAttributes: { timerId },
    userMetadata: { summary: defaultPayloadConverter.toPayload(summary) },
  };
}

export function timerFired(timerId: string): Attributes {
  return { timerFiredEventAttributes: { timerId } };
}

export function movedOn(newExecutionRunId: string): Attributes {
  return { workflowExecutionContinuedAsNewEventAttributes: { newExecutionRunId } };
}

export function ended(result: unknown): Attributes {
  return { workflowExecutionCompletedEventAttributes: { result: payloads(result) } };
}
