// What a turn took, read from a history: from the first question to the model to the last one, so that
// the beginning and the end of a run are no part of it.

import type { temporal } from "@temporalio/proto";

export interface Turns {
  readonly msPerTurn: number;
  readonly eventsPerTurn: number;
  readonly workflowTasksPerTurn: number;
}

type Event = temporal.api.history.v1.IHistoryEvent;

export function turnsIn(history: temporal.api.history.v1.IHistory, asking: string): Turns {
  const events = history.events ?? [];
  const asked = events.filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === asking,
  );
  const [first] = asked;
  const last = asked.at(-1);
  if (first === undefined || last === undefined || first === last) {
    throw new Error(`the history has fewer than two ${asking}`);
  }
  const between = events.slice(events.indexOf(first), events.indexOf(last));
  const turns = asked.length - 1;
  const tasks = between.filter((event) => event.workflowTaskCompletedEventAttributes);
  return {
    msPerTurn: (timeOf(last) - timeOf(first)) / turns,
    eventsPerTurn: between.length / turns,
    workflowTasksPerTurn: tasks.length / turns,
  };
}

function timeOf({ eventTime }: Event): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1_000_000;
}
