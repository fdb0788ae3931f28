// What Temporal Cloud would bill for a run: its actions, counted from the events of the history. Beats of
// activities leave no event: the server counts those that reach it, among all that it was asked.
// Which events are an action: https://docs.temporal.io/cloud/actions (read on 2026-11-26).

import type { temporal } from "@temporalio/proto";

type Event = temporal.api.history.v1.IHistoryEvent;

export const ACTIONS = [
  "starts",
  "activities",
  "localActivities",
  "timers",
  "upserts",
  "signals",
  "updates",
] as const;
export type ActionCounts = Readonly<Record<(typeof ACTIONS)[number], number>>;

/** Of one history; a run that went on in a fresh one has several, and each begins with a start. */
export function actionsIn(events: readonly Event[]): ActionCounts {
  const withTask = events.flatMap(({ markerRecordedEventAttributes: marker }) =>
    marker ? [Number(marker.workflowTaskCompletedEventId)] : [],
  );
  const count = (weight: (event: Event) => number): number =>
    events.reduce((sum, event) => sum + weight(event), 0);
  return {
    starts: count(startsOf),
    activities: count(attemptsOf),
    // All that one workflow task records are one action; a try after its first is another one.
    localActivities: new Set(withTask).size + count(localRetriesOf),
    timers: count(({ timerStartedEventAttributes: timer }) => (timer ? 1 : 0)),
    upserts: count((event) => (event.upsertWorkflowSearchAttributesEventAttributes ? 1 : 0)),
    signals: count((event) => (event.workflowExecutionSignaledEventAttributes ? 1 : 0)),
    updates: count((event) => (event.workflowExecutionUpdateAcceptedEventAttributes ? 1 : 0)),
  };
}

export function totalOf(counts: ActionCounts): number {
  return ACTIONS.reduce((sum, name) => sum + counts[name], 0);
}

/** How often the server has been asked so since it started; the name as its API has it. */
export async function requestsOf(metricsUrl: string, operation: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  return text
    .split("\n")
    .filter(
      (line) =>
        line.startsWith("service_requests{") &&
        line.includes(`operation="${operation}"`) &&
        line.includes('service_name="frontend"'),
    )
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** A child is two: the intent, and the attempt. */
function startsOf(event: Event): number {
  if (event.workflowExecutionStartedEventAttributes) return 1;
  return event.startChildWorkflowExecutionInitiatedEventAttributes ? 2 : 0;
}

/** Tries after the first are no events of their own. */
function attemptsOf(event: Event): number {
  if (event.activityTaskScheduledEventAttributes) return 1;
  const { attempt } = event.activityTaskStartedEventAttributes ?? {};
  return attempt ? attempt - 1 : 0;
}

function localRetriesOf({ workflowTaskCompletedEventAttributes: task }: Event): number {
  return task?.meteringMetadata?.nonfirstLocalActivityExecutionAttempts ?? 0;
}
