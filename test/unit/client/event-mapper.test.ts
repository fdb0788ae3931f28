import { describe, expect, test } from "@jest/globals";
import { parseEventId } from "../../../src/client/event-id.ts";
import { createEventMapper, type EventMapper } from "../../../src/client/event-mapper.ts";
import type { FactBody } from "../../../src/client/history-fact.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { openingState } from "../../../src/domain/run-state.ts";
import {
  callInput,
  denied as denial,
  factAt,
  INPUT,
  markRow,
  replied,
  RUN_ID,
  SNAPSHOT,
  T0_MS,
  textRow,
  typesOf,
} from "../../support/run-facts.ts";

function mapperFrom(after: string | null = null): EventMapper {
  return createEventMapper({
    runId: RUN_ID,
    link: "http://ui",
    after: after === null ? null : parseEventId(after),
    nowMs: () => T0_MS,
  });
}

const OPENED = { snapshot: SNAPSHOT, head: "h", taskRef: "t" };
const OPENING: readonly (readonly [number, FactBody])[] = [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", result: OPENED }],
];

function tell(mapper: EventMapper, facts: readonly (readonly [number, FactBody])[]): RunEvent[] {
  return facts.flatMap(([id, body]) => [...mapper.fact(factAt(id, body))]);
}

const call = (turn: number, more = {}): FactBody => ({
  kind: "callScheduled",
  activityId: "2",
  input: callInput(turn, more),
});
const finished = (text: string, more = {}): FactBody => ({
  kind: "callFinished",
  scheduledId: 11,
  result: replied(text, more),
});
const tool = (callId: string, activityId = "3"): FactBody => ({
  kind: "toolScheduled",
  activityId,
  input: { turn: 1, tenant: "acme", callId, tool: "web_search", replyRef: "r" },
});
const found = (callId: string, scheduledId: number | null, name = "web_search"): FactBody => ({
  kind: "toolFinished",
  scheduledId,
  result: { callId, tool: name, ref: "r", content: "a\n b", isError: false, durationMs: 12 },
});

describe("durable events", () => {
  test("a run tells its start, its turns and its replies, in dollars", () => {
    const events = tell(mapperFrom(), [...OPENING, [11, call(1)], [13, finished("391")]]);
    expect(typesOf(events)).toEqual([
      "run.started",
      "turn.started",
      "reply.delta",
      "reply.finished",
    ]);
    expect(events.map(({ id }) => id)).toEqual(["0.1", "0.11", "0.13.0.2", "0.13.0.3"]);
    expect(events[0]).toMatchObject({ task: "add", tenant: "acme", link: "http://ui" });
    expect(events[1]).toMatchObject({ turn: 1, spentUsd: 0, capUsd: 1, offline: true });
    expect(events[3]).toMatchObject({ inputTokens: 150, costUsd: 0.0015, spentUsd: 0.0015 });
  });

  test("a budget warning comes before its turn, once", () => {
    const warnings = [{ limit: "cost", used: 800_000, cap: 1_000_000 }];
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, call(1, { warnings })],
      [
        13,
        {
          kind: "callFailed",
          scheduledId: 11,
          failure: { code: "TRANSCRIPT_MISSING", message: "" },
        },
      ],
      [20, call(1, { warnings })],
    ]);
    expect(typesOf(events)).toEqual(["run.started", "budget.warning", "turn.started"]);
    expect(events[1]).toMatchObject({ id: "0.11.0.1", used: 0.8, cap: 1 });
  });

  test("a call that the ledger denied for a while is one turn", () => {
    const denied: FactBody = {
      kind: "callFinished",
      scheduledId: 11,
      result: denial({ why: "holds", limit: "tenant_day" }),
    };
    const events = tell(mapperFrom(), [...OPENING, [11, call(1)], [13, denied], [20, call(1)]]);
    expect(typesOf(events)).toEqual(["run.started", "turn.started"]);
  });

  test("a turn that sums up says so, also where a call announced it that was denied, and is no answer", () => {
    const denied: FactBody = {
      kind: "callFinished",
      scheduledId: 11,
      result: denial({ why: "size", limit: "request_tokens" }),
    };
    const failure = { code: "TERMINATED", message: "" };
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, call(1)],
      [13, finished("Step one.")],
      [15, call(2)],
      [17, denied],
      [19, call(2, { purpose: { kind: "summary", toolsOff: false } })],
      [21, finished("So far, one.")],
      [23, call(3)],
      [25, { kind: "broken", how: "terminated", failure }],
    ]);
    const turns = events.filter(({ type }) => type === "turn.started");
    expect(turns).toMatchObject([
      { turn: 1 },
      { turn: 2 },
      { turn: 2, purpose: "compaction" },
      { turn: 3, spentUsd: 0.003 },
    ]);
    expect(turns.map((event) => "purpose" in event)).toEqual([false, false, true, false]);
    expect(events.at(-1)).toMatchObject({ result: { answer: "Step one.", modelCalls: 2 } });
  });

  test("tools tell their start and their end, with the preview from the reply", () => {
    const toolCalls = [{ callId: "a", name: "web_search", preview: "query" }];
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, call(1)],
      [13, finished("", { toolCalls, stopReason: "tool_use" })],
      [17, tool("a")],
      [19, found("a", 17)],
    ]).slice(-2);
    expect(events).toMatchObject([
      { type: "tool.started", id: "0.17", callId: "a", preview: "query" },
      { type: "tool.finished", id: "0.19.0.2", isError: false, preview: "a b", durationMs: 12 },
    ]);
  });

  test("a tool inside the workflow task tells both at its marker", () => {
    const events = tell(mapperFrom(), [...OPENING, [11, call(1)], [19, found("b", null)]]);
    expect(events.slice(-2)).toMatchObject([
      { type: "tool.started", id: "0.19.0.1" },
      { type: "tool.finished", id: "0.19.0.2" },
    ]);
  });

  test("a tool that failed for good is an error; one whose transcript was lost is tried again", () => {
    const failed = (scheduledId: number | null, code: string): FactBody => ({
      kind: "toolFailed",
      scheduledId,
      failure: { code, message: "no" },
    });
    const toolCalls = [{ callId: "c", name: "calculator", preview: "1/0" }];
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, call(1)],
      [13, finished("", { toolCalls })],
      [17, tool("a")],
      [18, failed(17, "TRANSCRIPT_MISSING")],
      [24, tool("a", "9")],
      [26, failed(24, "TIMED_OUT")],
      [27, failed(null, "Error")],
    ]);
    expect(events.slice(3).map((event) => [event.type, "callId" in event && event.callId])).toEqual(
      [
        ["tool.started", "a"],
        ["tool.finished", "a"],
        ["tool.started", "c"],
        ["tool.finished", "c"],
      ],
    );
    expect(events[4]).toMatchObject({ isError: true, preview: "TIMED_OUT: no", durationMs: 2000 });
  });

  test("a wait tells why, and its end once", () => {
    const waiting = { reason: "budget", message: "the cap", nextAttemptAt: null } as const;
    const events = tell(mapperFrom(), [
      ...OPENING,
      [31, { kind: "waitingChanged", waiting }],
      [36, { kind: "waitingChanged", waiting: null }],
      [37, { kind: "waitingChanged", waiting: null }],
    ]).slice(1);
    expect(events).toMatchObject([
      { type: "run.waiting", ...waiting },
      { type: "run.continued", reason: "resumed" },
    ]);
  });

  test("a continued history goes on where the last one was, and starts no run again", () => {
    const state = { ...openingState(OPENED, T0_MS), execution: 1, turn: 4, spentMicroUsd: 5000 };
    const input = { ...INPUT, resumed: state };
    const first = tell(mapperFrom(), [...OPENING, [40, { kind: "movedOn", nextExecutionId: "y" }]]);
    const next = tell(mapperFrom("0.40"), [
      [1, { kind: "started", input }],
      [5, call(5)],
    ]);
    expect(first.at(-1)).toMatchObject({
      type: "run.continued",
      reason: "new_history",
      id: "0.40",
    });
    expect(next).toMatchObject([{ type: "turn.started", id: "1.5", turn: 5, spentUsd: 0.005 }]);
  });

  test("a run that was terminated ends with what was seen of it", () => {
    const failure = { code: "TERMINATED", message: "from outside" };
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, call(1)],
      [13, finished("half")],
      [20, { kind: "broken", how: "terminated", failure }],
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "run.ended",
      result: {
        outcome: { kind: "failed", code: "TERMINATED" },
        answer: "half",
        partial: true,
        costUsd: 0.0015,
        modelCalls: 1,
        durationMs: 19_000,
      },
    });
  });
});

describe("attempts in flight", () => {
  const inCall = (after: string | null = null): EventMapper => {
    const mapper = mapperFrom(after);
    tell(mapper, [...OPENING, [11, call(1)]]);
    return mapper;
  };

  test("text is told as it comes, and the rest with the reply", () => {
    const mapper = inCall();
    const live = mapper.rows("2", [
      markRow("2", { attempt: 1, seq: 1 }, { kind: "started" }),
      textRow("2", { attempt: 1, seq: 2, offset: 0 }, "Hel"),
      textRow("2", { attempt: 1, seq: 4, offset: 5 }, "beyond a gap"),
    ]);
    expect(live).toMatchObject([{ type: "reply.delta", id: "0.11.1.3", text: "Hel" }]);
    const end = mapper.fact(factAt(13, finished("Hello")));
    expect(end).toMatchObject([{ type: "reply.delta", text: "lo" }, { type: "reply.finished" }]);
  });

  test("of a piece that the viewer holds in part, only the rest is told", () => {
    const row = textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hello");
    const events = inCall("0.11.1.3").rows("2", [row]);
    expect(events).toMatchObject([{ type: "reply.delta", id: "0.11.1.5", text: "lo" }]);
  });

  test("a failed attempt is told with its next try, and its text is withdrawn when that begins", () => {
    const mapper = inCall();
    const nextAttemptAt = "2026-11-21T10:00:05Z";
    const events = mapper.rows("2", [
      textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hel"),
      markRow(
        "2",
        { attempt: 1, seq: 2 },
        { kind: "failed", code: "PROVIDER_OVERLOADED", message: "busy", nextAttemptAt },
      ),
      markRow("2", { attempt: 2, seq: 1 }, { kind: "started" }),
      textRow("2", { attempt: 2, seq: 2, offset: 0 }, "Hi"),
    ]);
    expect(events).toMatchObject([
      { type: "reply.delta", text: "Hel" },
      { type: "model.retrying", attempt: 1, code: "PROVIDER_OVERLOADED", nextAttemptAt },
      { type: "reply.withdrawn", attempt: 1 },
      { type: "reply.delta", attempt: 2, text: "Hi" },
    ]);
  });

  test("an attempt that died without a word is told when the next one begins", () => {
    const mapper = inCall();
    mapper.rows("2", [textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hel")]);
    const events = mapper.rows("2", [markRow("2", { attempt: 2, seq: 1 }, { kind: "started" })]);
    expect(events).toMatchObject([
      { type: "model.retrying", attempt: 1, code: "ATTEMPT_LOST", nextAttemptAt: null },
      { type: "reply.withdrawn", attempt: 1 },
    ]);
  });

  test("a viewer that resumes behind the withdrawal at the end of a call gets the whole text", () => {
    const reply = finished("whole", { attempt: 2 });
    const first = inCall("0.11.1.3").fact(factAt(13, reply));
    expect(typesOf(first)).toEqual(["reply.withdrawn", "reply.delta", "reply.finished"]);
    const second = inCall(first[0]?.id).fact(factAt(13, reply));
    expect(second).toMatchObject([
      { type: "reply.delta", text: "whole" },
      { type: "reply.finished" },
    ]);
  });

  test("text of a call that gave no reply is withdrawn before the run ends", () => {
    const mapper = inCall();
    mapper.rows("2", [textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hel")]);
    const failure = { code: "TERMINATED", message: "" };
    const end = mapper.fact(factAt(20, { kind: "broken", how: "terminated", failure }));
    expect(typesOf(end)).toEqual(["reply.withdrawn", "run.ended"]);
  });

  test("retries of tools side by side are told in order, and not again to who resumes", () => {
    const begin = (after: string | null): EventMapper => {
      const mapper = mapperFrom(after);
      tell(mapper, [
        ...OPENING,
        [11, call(1)],
        [13, finished("")],
        [17, tool("a")],
        [18, tool("b", "4")],
      ]);
      return mapper;
    };
    const failed = (activityId: string) =>
      markRow(
        activityId,
        { attempt: 1, seq: 1 },
        { kind: "failed", code: "X", message: "", nextAttemptAt: "2026-11-21T10:00:05Z" },
      );
    const mapper = begin(null);
    const told = [...mapper.rows("4", [failed("4")]), ...mapper.rows("3", [failed("3")])];
    expect(told).toMatchObject([
      { type: "tool.retrying", id: "0.18.1.0", callId: "b" },
      { type: "tool.retrying", id: "0.18.2.0", callId: "a" },
    ]);
    const again = begin("0.18.1.0");
    expect([...again.rows("4", [failed("4")]), ...again.rows("3", [failed("3")])]).toEqual([]);
    expect(typesOf(again.fact(factAt(20, found("a", 17))))).toEqual(["tool.finished"]);
  });
});
