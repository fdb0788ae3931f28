import { describe, expect, test } from "@jest/globals";
import { defaultPayloadConverter } from "@temporalio/common";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import {
  createFactReader,
  type Fact,
  type HistoryEvent,
} from "../../../src/client/history-fact.ts";
import {
  completed,
  ended,
  eventAt,
  marker,
  movedOn,
  scheduled,
  started,
} from "../../support/history-events.ts";
import { INPUT, T0_MS } from "../../support/run-facts.ts";

async function factsIn(events: readonly HistoryEvent[]): Promise<(Fact | null)[]> {
  const reader = createFactReader(loadDataConverter());
  const facts: (Fact | null)[] = [];
  for (const event of events) facts.push(await reader.read(event));
  return facts;
}

describe("history events as facts", () => {
  test("activities are told apart by the name under which they were scheduled", async () => {
    const facts = await factsIn([
      eventAt(1, started(INPUT)),
      eventAt(5, scheduled("1", "openRun", INPUT)),
      eventAt(7, completed(5, { head: "h" })),
      eventAt(11, scheduled("2", "callModel", { turn: 1 })),
      eventAt(13, completed(11, { kind: "denied" })),
      eventAt(17, scheduled("3", "runTool", { callId: "a" })),
      eventAt(22, completed(17, { callId: "a" })),
      eventAt(23, scheduled("4", "closeRun", {})),
      eventAt(25, completed(23, {})),
    ]);
    expect(facts).toMatchObject([
      { kind: "started", input: INPUT, eventId: 1, atMs: T0_MS + 1 },
      null,
      { kind: "opened", result: { head: "h" } },
      { kind: "callScheduled", activityId: "2", input: { turn: 1 } },
      { kind: "callFinished", scheduledId: 11, result: { kind: "denied" } },
      { kind: "toolScheduled", activityId: "3", input: { callId: "a" } },
      { kind: "toolFinished", scheduledId: 17, result: { callId: "a" } },
      null,
      null,
    ]);
  });

  test("a call in a batch begins where it is submitted and ends where it is collected", async () => {
    const collect = (id: number): HistoryEvent =>
      eventAt(id, scheduled(String(id), "lookAtCall", {}));
    const facts = await factsIn([
      eventAt(11, scheduled("2", "callModel", { turn: 1, lane: "batch" })),
      eventAt(13, completed(11, { kind: "submitted", providerBatchId: "b" })),
      collect(20),
      eventAt(22, completed(20, { kind: "pending", message: "" })),
      collect(30),
      eventAt(32, completed(30, { kind: "unserved", code: "BATCH_EXPIRED" })),
      collect(40),
      eventAt(42, completed(40, { kind: "replied", lane: "batch" })),
    ]);
    expect(facts).toMatchObject([
      { kind: "callScheduled", activityId: "2", input: { turn: 1, lane: "batch" } },
      ...[null, null, null, null],
      { kind: "callUnserved", result: { code: "BATCH_EXPIRED" } },
      null,
      { kind: "callFinished", scheduledId: 40, result: { kind: "replied" } },
    ]);
  });

  test("an activity that failed for good tells the innermost code and message", async () => {
    const cause = { message: "busy", applicationFailureInfo: { type: "PROVIDER_OVERLOADED" } };
    const facts = await factsIn([
      eventAt(11, scheduled("2", "callModel", {})),
      eventAt(13, {
        activityTaskFailedEventAttributes: {
          scheduledEventId: 11 as never,
          failure: { message: "Activity task failed", cause },
        },
      }),
      eventAt(17, scheduled("3", "runTool", {})),
      eventAt(19, {
        activityTaskTimedOutEventAttributes: {
          scheduledEventId: 17 as never,
          failure: { message: "activity timeout", timeoutFailureInfo: {} },
        },
      }),
      eventAt(20, scheduled("4", "runTool", {})),
      eventAt(21, { activityTaskCanceledEventAttributes: { scheduledEventId: 20 as never } }),
    ]);
    expect(facts.filter((_, index) => index % 2 === 1)).toMatchObject([
      { kind: "callFailed", failure: { code: "PROVIDER_OVERLOADED", message: "busy" } },
      { kind: "toolFailed", failure: { code: "TIMED_OUT" } },
      { kind: "toolFailed", failure: { code: "CANCELLED" } },
    ]);
  });

  test("markers of tools inside the workflow task are tools; other markers are nothing", async () => {
    const facts = await factsIn([
      eventAt(19, marker("runTool", { result: { callId: "b" } })),
      eventAt(20, marker("runTool", "failed")),
      eventAt(21, marker("other", { result: 1 })),
      eventAt(22, { markerRecordedEventAttributes: { markerName: "core_patch" } }),
    ]);
    expect(facts).toMatchObject([
      { kind: "toolFinished", scheduledId: null, result: { callId: "b" } },
      { kind: "toolFailed", scheduledId: null, failure: { code: "X", message: "bad" } },
      null,
      null,
    ]);
  });

  test("the memo tells a wait, its end, and nothing where it is about something else", async () => {
    const memo = (fields: Readonly<Record<string, unknown>>): HistoryEvent =>
      eventAt(31, {
        workflowPropertiesModifiedEventAttributes: {
          upsertedMemo: {
            fields: Object.fromEntries(
              Object.entries(fields).map(([name, value]) => [
                name,
                defaultPayloadConverter.toPayload(value),
              ]),
            ),
          },
        },
      });
    const waiting = { reason: "budget", message: "m", nextAttemptAt: null };
    // `upsertMemo({ waiting: null })` is recorded as a payload of the encoding binary/null.
    const facts = await factsIn([memo({ waiting }), memo({ waiting: undefined }), memo({ x: 1 })]);
    expect(facts).toMatchObject([
      { kind: "waitingChanged", waiting },
      { kind: "waitingChanged", waiting: null },
      null,
    ]);
  });

  test("ends from outside say who ended the run", async () => {
    const facts = await factsIn([
      eventAt(37, movedOn("next")),
      eventAt(38, ended({ type: "result" })),
      eventAt(39, { workflowExecutionTerminatedEventAttributes: { reason: "by hand" } }),
      eventAt(40, { workflowExecutionTimedOutEventAttributes: {} }),
      eventAt(41, { workflowExecutionCanceledEventAttributes: {} }),
      eventAt(42, { workflowExecutionFailedEventAttributes: { failure: { message: "no" } } }),
    ]);
    expect(facts).toMatchObject([
      { kind: "movedOn", nextExecutionId: "next" },
      { kind: "ended", result: { type: "result" } },
      {
        kind: "broken",
        how: "terminated",
        failure: { message: expect.stringContaining("by hand") },
      },
      { kind: "broken", how: "timedOut", failure: { code: "TIMED_OUT" } },
      { kind: "broken", how: "cancelled" },
      { kind: "broken", how: "failed", failure: { code: "FAILED", message: "no" } },
    ]);
  });
});
