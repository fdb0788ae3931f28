// What Temporal Cloud bills, counted from a history.

import { expect, test } from "@jest/globals";
import { actionsIn, totalOf } from "../../bench/actions.ts";

const marker = (task: number) => ({
  markerRecordedEventAttributes: { workflowTaskCompletedEventId: task as never },
});

test("activities, retries, timers, upserts, signals and updates are an action each", () => {
  const counts = actionsIn([
    { workflowExecutionStartedEventAttributes: {} },
    { activityTaskScheduledEventAttributes: {} },
    { activityTaskStartedEventAttributes: { attempt: 3 } },
    { activityTaskCompletedEventAttributes: {} },
    { timerStartedEventAttributes: {} },
    { timerFiredEventAttributes: {} },
    { upsertWorkflowSearchAttributesEventAttributes: {} },
    { workflowExecutionSignaledEventAttributes: {} },
    { workflowExecutionUpdateAcceptedEventAttributes: {} },
    { workflowExecutionUpdateCompletedEventAttributes: {} },
    { workflowExecutionCompletedEventAttributes: {} },
  ]);
  expect(counts).toEqual({
    starts: 1,
    activities: 3,
    localActivities: 0,
    timers: 1,
    upserts: 1,
    signals: 1,
    updates: 1,
  });
  expect(totalOf(counts)).toBe(8);
});

test("all local activities of one workflow task are one action, and a child is two", () => {
  const counts = actionsIn([
    ...[marker(4), marker(4), marker(9)],
    { startChildWorkflowExecutionInitiatedEventAttributes: {} },
    {
      workflowTaskCompletedEventAttributes: {
        meteringMetadata: { nonfirstLocalActivityExecutionAttempts: 2 },
      },
    },
  ]);
  expect(counts.localActivities).toBe(4);
  expect(counts.starts).toBe(2);
});
