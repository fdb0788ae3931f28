import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import { createFactReader, type Told } from "../../../src/client/history-facts.ts";
import type { HistoryEvent } from "../../../src/temporal/payloads.ts";
import type { PendingApproval } from "../../../src/domain/approval.ts";
import { ALARM_SUMMARY } from "../../../src/temporal/names.ts";
import {
  cancelled,
  completed,
  ended,
  eventAt,
  failed,
  marker,
  memo,
  movedOn,
  scheduled,
  signaled,
  started,
  timedOut,
  timerFired,
  timerStarted,
  updateAccepted,
} from "../../support/history-events.ts";
import { callInput, denied, INPUT, OPENED, replied, T0_MS } from "../../support/run-facts.ts";

/** What each event says, one list an event. */
async function toldBy(events: readonly HistoryEvent[]): Promise<(readonly Told[])[]> {
  const reader = createFactReader(loadDataConverter());
  const told: (readonly Told[])[] = [];
  for (const event of events) told.push(await reader.read(event));
  return told;
}

async function factsIn(...events: readonly HistoryEvent[]) {
  return (await toldBy(events)).map((told) => told.map(({ fact }) => fact));
}

/** The facts of the last of these. */
async function factsOfLast(...events: readonly HistoryEvent[]) {
  return (await factsIn(...events)).at(-1);
}

const LEDGER = { spentMicroUsd: 5, crashTaxMicroUsd: 0, modelAttempts: 1 };
const TICKET = { kind: "submitted", callKey: "k", attempt: 1, providerBatchId: "b" };
const tool = (callId: string) => ({ callId, tool: "web_search", ref: "r", content: "found" });

describe("activities as facts", () => {
  test("they are told apart by the name under which they were scheduled", async () => {
    const call = callInput(1);
    const denial = denied({ why: "holds", limit: "tenant_day" });
    const outcome = { kind: "answered" };
    const told = await toldBy([
      eventAt(1, started(INPUT)),
      eventAt(5, scheduled("1", "openRun", INPUT)),
      eventAt(7, completed(5, OPENED)),
      eventAt(11, scheduled("2", "callModel", call)),
      eventAt(13, completed(11, denial)),
      eventAt(17, scheduled("3", "runTool", { callId: "a" })),
      eventAt(22, completed(17, tool("a"))),
      eventAt(23, scheduled("4", "closeRun", { outcome, durationMs: 7, turns: 1 })),
      eventAt(25, completed(23, LEDGER)),
      eventAt(27, scheduled("5", "notifyApproval", {})),
      eventAt(29, completed(27, {})),
    ]);
    expect(told.flat()).toEqual([
      { fact: { kind: "started", input: INPUT }, eventId: 1, atMs: T0_MS + 1 },
      { fact: { kind: "opened", opened: OPENED }, eventId: 7, atMs: T0_MS + 7 },
      { fact: { kind: "asked", call }, activityId: "2", eventId: 11, atMs: T0_MS + 11 },
      { fact: denial, eventId: 13, atMs: T0_MS + 13 },
      {
        fact: { kind: "toolBegan", callId: "a" },
        activityId: "3",
        eventId: 17,
        atMs: T0_MS + 17,
      },
      {
        fact: { kind: "toolEnded", callId: "a", ref: "r", found: "found" },
        toolResult: tool("a"),
        eventId: 22,
        atMs: T0_MS + 22,
      },
      {
        fact: { kind: "closing", outcome, durationMs: 7 },
        activityId: "4",
        eventId: 23,
        atMs: T0_MS + 23,
      },
      { fact: { kind: "closed", ledger: LEDGER }, eventId: 25, atMs: T0_MS + 25 },
    ]);
  });

  test("what a tool found is remembered as the workflow does, from its beginning", async () => {
    const content = "x".repeat(5000);
    const begun = eventAt(17, scheduled("3", "runTool", { callId: "a" }));
    const end = eventAt(19, completed(17, { ...tool("a"), content }));
    const facts = await factsOfLast(begun, end);
    expect(facts).toEqual([{ kind: "toolEnded", callId: "a", ref: "r", found: "x".repeat(2000) }]);
  });

  test("a call in a batch is asked once, and looked at until there is a reply or there will be none", async () => {
    const look = (id: number, giveUp = false): HistoryEvent =>
      eventAt(id, scheduled(String(id), "lookAtCall", { giveUp, ticket: TICKET }));
    const call = callInput(1, { lane: "batch" });
    const pending = { kind: "pending", message: "it waits" };
    const unserved = { kind: "unserved", code: "BATCH_EXPIRED", message: "", crashTaxMicroUsd: 5 };
    const reply = replied("391", { lane: "batch" });
    const facts = await factsIn(
      eventAt(11, scheduled("2", "callModel", call)),
      eventAt(13, completed(11, TICKET)),
      look(20),
      eventAt(22, completed(20, pending)),
      look(30, true),
      eventAt(32, completed(30, unserved)),
      look(40),
      eventAt(42, completed(40, reply)),
    );
    expect(facts.flat()).toEqual([
      { kind: "asked", call },
      TICKET,
      { kind: "looks", giveUp: false },
      pending,
      { kind: "looks", giveUp: true },
      unserved,
      { kind: "looks", giveUp: false },
      reply,
    ]);
  });
});

describe("activities that failed for good", () => {
  const begun = (name: string, input: object = {}): HistoryEvent =>
    eventAt(11, scheduled("2", name, input));
  const because = (type: string) => eventAt(13, failed(11, { type, message: "no" }));

  test.each(["openRun", "callModel", "lookAtCall", "rebuildTranscript"])(
    "%s tells the outermost code, as the workflow sees it, and no cause of it",
    async (name) => {
      const cause = { type: "FetchError", message: "socket hang up" };
      const failure = { type: "PROVIDER_OVERLOADED", message: "busy", cause };
      const facts = await factsOfLast(begun(name), eventAt(13, failed(11, failure)));
      expect(facts).toEqual([{ kind: "failed", code: "PROVIDER_OVERLOADED", message: "busy" }]);
    },
  );

  test.each(["openRun", "callModel", "lookAtCall"])(
    "%s that timed out has used up its attempts",
    async (name) => {
      const facts = await factsOfLast(begun(name), eventAt(13, timedOut(11)));
      expect(facts).toMatchObject([
        { kind: "failed", code: "ATTEMPTS_EXHAUSTED", message: expect.stringMatching(/timeout/) },
      ]);
    },
  );

  test("a tool is lost by its call, with a code where there is one", async () => {
    const input = { callId: "a" };
    const lost = { kind: "toolLost", callId: "a" };
    expect(await factsOfLast(begun("runTool", input), because("TypeError"))).toEqual([
      { ...lost, code: "TypeError", message: "no" },
    ]);
    expect(await factsOfLast(begun("runTool", input), eventAt(13, timedOut(11)))).toMatchObject([
      { ...lost, code: "" },
    ]);
    expect(await factsOfLast(begun("runTool", input), eventAt(13, cancelled(11)))).toEqual([
      { ...lost, code: "CANCELLED", message: "cancelled" },
    ]);
  });

  test("a call that was cancelled has failed; a look that was is made once more", async () => {
    const failure = { kind: "failed", code: "CANCELLED", message: "cancelled" };
    expect(await factsOfLast(begun("callModel"), eventAt(13, cancelled(11)))).toEqual([failure]);
    expect(await factsOfLast(begun("lookAtCall"), eventAt(13, cancelled(11)))).toEqual([]);
  });

  test.each(["callModel", "lookAtCall", "runTool"])(
    "%s whose transcript was lost says nothing: it is rebuilt and the same is asked again",
    async (name) => {
      const input = name === "runTool" ? { callId: "a" } : callInput(1);
      const facts = await factsIn(
        begun(name, input),
        because("TRANSCRIPT_MISSING"),
        eventAt(15, scheduled("3", "rebuildTranscript", {})),
        eventAt(17, completed(15, {})),
      );
      expect(facts.slice(1)).toEqual([[], [], []]);
    },
  );

  test.each(["closeRun", "notifyApproval"])("%s says nothing", async (name) => {
    expect(await factsOfLast(begun(name), because("Error"))).toEqual([]);
  });
});

describe("markers", () => {
  test("of tools inside the workflow task are tools; other markers are nothing", async () => {
    const facts = await factsIn(
      eventAt(19, marker("runTool", { result: tool("b") })),
      eventAt(20, marker("runTool", { failure: { type: "X", message: "bad" } })),
      eventAt(21, marker("runTool", { failure: { type: "TRANSCRIPT_MISSING", message: "" } })),
      eventAt(22, marker("other", { result: 1 })),
      eventAt(23, { markerRecordedEventAttributes: { markerName: "core_patch" } }),
    );
    expect(facts).toEqual([
      [{ kind: "toolEnded", callId: "b", ref: "r", found: "found" }],
      // Which call it was the marker does not say.
      [{ kind: "toolLost", callId: "", code: "X", message: "bad" }],
      ...[[], [], []],
    ]);
  });
});

test("an inline tool that was cancelled is lost as any other that was", async () => {
  const { markerRecordedEventAttributes: own } = marker("runTool", { result: null });
  const failure = { message: "Workflow cancelled", canceledFailureInfo: {} };
  const events = [eventAt(19, { markerRecordedEventAttributes: { ...own, failure } })];
  expect((await factsIn(...events)).flat()).toEqual([
    { kind: "toolLost", callId: "", code: "CANCELLED", message: "cancelled" },
  ]);
});

describe("what people do", () => {
  test("signals are facts, each by its name; a name that nobody listens to is none", async () => {
    const message = { messageId: "m", text: "and?", mode: "queue", by: "ann" };
    const facts = await factsIn(
      eventAt(31, signaled("say", message)),
      eventAt(32, signaled("pause")),
      eventAt(33, signaled("resume")),
      eventAt(34, signaled("lookAgain")),
      eventAt(35, signaled("other")),
    );
    expect(facts.flat()).toEqual([
      { kind: "said", message },
      { kind: "paused" },
      { kind: "resumed", by: "" },
      { kind: "lookedAgain" },
    ]);
  });

  test("a decision is a ruling once it is accepted, whatever the run says of it later", async () => {
    const approve = { callId: "a", verdict: "approve", argsDigest: "d", by: "ann", always: true };
    const deny = { callId: "b", verdict: "deny", argsDigest: "d", by: "ann", reason: "no" };
    const facts = await factsIn(
      eventAt(41, updateAccepted("decide", { ...approve, editedInput: { x: 1 } })),
      eventAt(42, updateAccepted("decide", deny)),
      eventAt(43, updateAccepted("other", {})),
      eventAt(44, { workflowExecutionUpdateCompletedEventAttributes: {} }),
    );
    const approved = { verdict: "approved", by: "ann", reason: null, always: true };
    expect(facts).toEqual([
      [{ kind: "ruled", callId: "a", ruling: { ...approved, editedInput: { x: 1 } } }],
      [
        {
          kind: "ruled",
          callId: "b",
          ruling: { verdict: "denied", by: "ann", reason: "no", always: false },
        },
      ],
      ...[[], []],
    ]);
  });

  test("a cancel calls the run off", async () => {
    const requested = { workflowExecutionCancelRequestedEventAttributes: {} };
    expect(await factsIn(eventAt(45, requested))).toEqual([[{ kind: "calledOff", by: "cancel" }]]);
  });
});

describe("timers", () => {
  test("the alarm is known by its summary and calls the run off; any other ends a wait", async () => {
    const facts = await factsIn(
      eventAt(8, timerStarted("1", ALARM_SUMMARY)),
      eventAt(9, timerStarted("2", "waiting: budget · the cap")),
      eventAt(10, { timerStartedEventAttributes: { timerId: "3" } }),
      eventAt(11, timerFired("2")),
      eventAt(12, timerFired("3")),
      eventAt(13, timerFired("1")),
      eventAt(14, { timerCanceledEventAttributes: { timerId: "4" } }),
    );
    expect(facts).toEqual([
      ...[[], [], []],
      [{ kind: "waited" }],
      [{ kind: "waited" }],
      [{ kind: "calledOff", by: "clock" }],
      [],
    ]);
  });
});

describe("what a run writes of itself", () => {
  test("a wait is told as it begins; its end, and what is about something else, is not", async () => {
    const wait = { reason: "budget", message: "m", nextAttemptAt: null, limit: "cost" };
    const facts = await factsIn(
      eventAt(31, memo({ waiting: wait })),
      eventAt(32, memo({ waiting: null })),
      eventAt(33, memo({ inboxFull: true })),
    );
    expect(facts).toEqual([[{ kind: "waits", wait }], [], []]);
  });

  test("one memo tells each call that nobody decided in time, and then those that wait", async () => {
    const pending = { callId: "c", tool: "write_file" } as PendingApproval;
    const facts = await factsIn(
      eventAt(31, memo({ approvals: { waiting: [pending], expired: ["a", "b"] } })),
      eventAt(32, memo({ approvals: { waiting: [], expired: [] } })),
    );
    const ruling = { verdict: "expired", by: null, reason: null, always: false };
    expect(facts).toEqual([
      [
        { kind: "ruled", callId: "a", ruling },
        { kind: "ruled", callId: "b", ruling },
        { kind: "personAsked", pending: [pending] },
      ],
      [],
    ]);
  });
});

describe("how a history begins and ends", () => {
  test("it begins with its input, and goes on in another or ends with a result", async () => {
    const facts = await factsIn(
      eventAt(1, started(INPUT)),
      eventAt(37, movedOn("next")),
      eventAt(38, ended({ type: "result" })),
    );
    expect(facts.flat()).toEqual([
      { kind: "started", input: INPUT },
      { kind: "movedOn", nextExecutionId: "next" },
      { kind: "ended", result: { type: "result" } },
    ]);
  });

  test("ends from outside say who ended the run", async () => {
    const failure = { message: "no", applicationFailureInfo: { type: "X" } };
    const facts = await factsIn(
      eventAt(39, { workflowExecutionTerminatedEventAttributes: { reason: "by hand" } }),
      eventAt(40, { workflowExecutionTimedOutEventAttributes: {} }),
      eventAt(41, { workflowExecutionCanceledEventAttributes: {} }),
      eventAt(42, { workflowExecutionFailedEventAttributes: { failure: { message: "no" } } }),
      eventAt(43, { workflowExecutionFailedEventAttributes: { failure } }),
    );
    expect(facts.flat()).toMatchObject([
      {
        kind: "broken",
        how: "terminated",
        code: "TERMINATED",
        message: expect.stringContaining("by hand"),
      },
      { kind: "broken", how: "timedOut", code: "TIMED_OUT" },
      { kind: "broken", how: "cancelled", code: "CANCELLED" },
      { kind: "broken", how: "failed", code: "FAILED", message: "no" },
      { kind: "broken", how: "failed", code: "X", message: "no" },
    ]);
  });

  test("workflow tasks and search attributes say nothing", async () => {
    const facts = await factsIn(
      eventAt(2, { workflowTaskScheduledEventAttributes: {} }),
      eventAt(3, { upsertWorkflowSearchAttributesEventAttributes: {} }),
      eventAt(4, { activityTaskStartedEventAttributes: {} }),
    );
    expect(facts.flat()).toEqual([]);
  });
});
