// History events in the shape in which Temporal 1.29 was seen to write them.

import { defaultPayloadConverter } from "@temporalio/common";
import { msNumberToTs } from "@temporalio/common/lib/time.js";
import type { HistoryEvent } from "../../src/temporal/payloads.ts";
import { T0_MS } from "./run-facts.ts";

type Attributes = Omit<HistoryEvent, "eventId" | "eventTime">;

export function eventAt(eventId: number, attributes: Attributes): HistoryEvent {
  // A number where the wire has a Long: both print alike.
  return { ...attributes, eventId: eventId as never, eventTime: msNumberToTs(T0_MS + eventId) };
}

export function payloads(value: unknown) {
  return { payloads: [defaultPayloadConverter.toPayload(value)] };
}

export function started(input: unknown): Attributes {
  return { workflowExecutionStartedEventAttributes: { input: payloads(input) } };
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
      scheduledEventId: scheduledEventId as never,
      result: payloads(result),
    },
  };
}

/** How Core records a local activity. */
export function marker(name: string, ending: { readonly result: unknown } | "failed"): Attributes {
  const data = payloads({ seq: 4, attempt: 1, activity_id: "4", activity_type: name });
  return {
    markerRecordedEventAttributes: {
      markerName: "core_local_activity",
      ...(ending === "failed"
        ? { details: { data }, failure: { message: "bad", applicationFailureInfo: { type: "X" } } }
        : { details: { data, result: payloads(ending.result) } }),
    },
  };
}

export function movedOn(newExecutionRunId: string): Attributes {
  return { workflowExecutionContinuedAsNewEventAttributes: { newExecutionRunId } };
}

export function ended(result: unknown): Attributes {
  return { workflowExecutionCompletedEventAttributes: { result: payloads(result) } };
}
