import { describe, expect, test } from "@jest/globals";
import type { EventMapper } from "../../../src/client/event-mapper.ts";
import { evolve } from "../../../src/domain/run/evolve.ts";
import { newRun, type RunState } from "../../../src/domain/run/state.ts";
import { mapperFrom, resumedAnywhere, tell } from "../../support/mapper.ts";
import {
  asked,
  began,
  calling,
  denied,
  found,
  INPUT,
  lost,
  markRow,
  OPENED,
  OPENING,
  replied,
  TERMINATED,
  textRow,
  toldAt,
  typesOf,
  type History,
} from "../../support/run-facts.ts";

const CALL: History[number] = [11, asked(1), { activityId: "2" }];
const WARNINGS = [{ limit: "cost", used: 800_000, cap: 1_000_000 }] as const;

describe("durable events", () => {
  test("a run tells its start, its turns and its replies, in dollars", () => {
    const events = tell(mapperFrom(), [...OPENING, CALL, [13, replied("391")]]);
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
    const warned = asked(1, { warnings: WARNINGS });
    const events = tell(mapperFrom(), [...OPENING, [11, warned], [20, warned]]);
    expect(typesOf(events)).toEqual(["run.started", "budget.warning", "turn.started"]);
    expect(events[1]).toMatchObject({ id: "0.11", used: 0.8, cap: 1 });
    expect(events[2]).toMatchObject({ id: "0.11.0.1" });
  });

  test("a shared cap that a reply brought word of is told with the call behind it", () => {
    const nearCaps = [{ limit: "tenant_day", used: 900_000, cap: 1_000_000 }] as const;
    const events = tell(mapperFrom(), [
      ...OPENING,
      CALL,
      [13, replied("", { nearCaps })],
      [17, asked(2, { warnings: nearCaps })],
    ]);
    expect(typesOf(events).slice(-2)).toEqual(["budget.warning", "turn.started"]);
  });

  test("a call that the ledger denied for a while is one turn", () => {
    const holds = denied({ why: "holds", limit: "tenant_day" });
    const events = tell(mapperFrom(), [...OPENING, CALL, [13, holds], [20, asked(1)]]);
    expect(typesOf(events)).toEqual(["run.started", "turn.started"]);
  });

  test("a turn that sums up says so, also where a call announced it that was denied, and is no answer", () => {
    const summary = asked(2, { purpose: { kind: "summary", toolsOff: false } });
    const events = tell(mapperFrom(), [
      ...OPENING,
      CALL,
      [13, replied("Step one.")],
      [15, asked(2)],
      [17, denied({ why: "size", limit: "request_tokens" })],
      [19, summary],
      [21, replied("So far, one.")],
      [23, asked(3)],
      [25, TERMINATED],
    ]);
    const turns = events.filter(({ type }) => type === "turn.started");
    expect(turns).toMatchObject([
      { turn: 1 },
      { turn: 2 },
      { turn: 2, purpose: "summary" },
      { turn: 3, spentUsd: 0.003 },
    ]);
    expect(turns.map((event) => "purpose" in event)).toEqual([false, false, true, false]);
    expect(events.at(-1)).toMatchObject({ result: { answer: "Step one.", modelCalls: 2 } });
  });

  test("a reply that the run alone reads is told without its text", () => {
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, asked(1, { purpose: { kind: "route" } })],
      [13, replied("complex")],
    ]);
    expect(events.slice(1)).toMatchObject([
      { type: "turn.started", purpose: "route" },
      { type: "reply.finished", text: "" },
    ]);
  });

  test("a continued history goes on where the last one was, and starts no run again", () => {
    const facts = [{ kind: "opened", opened: OPENED } as const, asked(4), replied("so far")];
    const resumed: RunState = { ...facts.reduce(evolve, newRun(0)), execution: 1 };
    const first = tell(mapperFrom(), [...OPENING, [40, { kind: "movedOn", nextExecutionId: "y" }]]);
    const next = tell(mapperFrom("0.40", 1), [
      [1, { kind: "started", input: { ...INPUT, resumed } }],
      [5, asked(5)],
    ]);
    expect(first.at(-1)).toMatchObject({
      type: "run.continued",
      reason: "new_history",
      id: "0.40",
    });
    expect(next).toMatchObject([{ type: "turn.started", id: "1.5", turn: 5, spentUsd: 0.0015 }]);
  });

  test("a run that was terminated ends with what was seen of it", () => {
    const events = tell(mapperFrom(), [...OPENING, CALL, [13, replied("half")], [20, TERMINATED]]);
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

  test("a message is told once, however often it is sent", () => {
    const message = { messageId: "m", text: "and?", mode: "queue", by: "ann" } as const;
    const said = { kind: "said", message } as const;
    const events = tell(mapperFrom(), [...OPENING, [9, said], [10, said]]);
    expect(events.slice(1)).toMatchObject([{ type: "message.received", ...message, id: "0.9" }]);
  });
});

describe("tools", () => {
  const tools = (calls: Readonly<Record<string, string>>): History => [
    ...OPENING,
    CALL,
    [13, calling(calls)],
  ];

  test("they tell their start and their end, with the preview from the reply", () => {
    const events = tell(mapperFrom(), [
      ...tools({ a: "web_search" }),
      [17, ...began("a")],
      [19, ...found("a")],
    ]).slice(-2);
    expect(events).toMatchObject([
      { type: "tool.started", id: "0.17", callId: "a", preview: "web_search it" },
      { type: "tool.finished", id: "0.19", isError: false, preview: "a b", durationMs: 12 },
    ]);
  });

  test("one inside the workflow task tells both at its marker", () => {
    const events = tell(mapperFrom(), [
      ...tools({ b: "calculator" }),
      [19, ...found("b", "calculator")],
    ]);
    expect(events.slice(-2)).toMatchObject([
      { type: "tool.started", id: "0.19", callId: "b" },
      { type: "tool.finished", id: "0.19.0.1", callId: "b" },
    ]);
  });

  test("one that failed for good is an error; one whose transcript was lost is executed again", () => {
    const mapper = mapperFrom();
    const events = tell(mapper, [
      ...tools({ a: "web_search", c: "calculator" }),
      [17, ...began("a")],
      [24, ...began("a", "9")],
      [26, lost("a", "TIMED_OUT")],
      [27, lost("", "Error", "division by zero")],
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
    expect(events[6]).toMatchObject({ isError: true, preview: "Error: division by zero" });
    // Of the execution that was lost no rows are asked for any more.
    expect(mapper.inFlight()).toEqual([]);
  });

  test("an inline tool that failed is told by the call that it can be", () => {
    const calls = { a: "web_search", b: "calculator", c: "calculator", d: "write_file" };
    const events = tell(mapperFrom(), [
      ...tools(calls),
      [17, ...began("a")],
      [19, ...found("b", "calculator")],
      [20, lost("", "Error")],
    ]);
    expect(events.slice(-2)).toMatchObject([
      { type: "tool.started", callId: "c", tool: "calculator" },
      { type: "tool.finished", callId: "c", isError: true },
    ]);
  });

  test("one that has been answered is not told again, nor is one that nobody called", () => {
    const known = tell(mapperFrom(), tools({ a: "web_search", b: "web_search" }));
    const events = tell(mapperFrom(), [
      ...tools({ a: "web_search", b: "web_search" }),
      [17, ...began("a")],
      [19, ...found("a")],
      [20, ...found("a")],
      [21, ...began("z")],
    ]);
    expect(typesOf(events.slice(known.length))).toEqual(["tool.started", "tool.finished"]);
  });

  test("E1: a viewer that resumes anywhere hears the rest, each event once", () => {
    const history: History = [
      ...tools({ a: "web_search", b: "calculator" }),
      [17, ...began("a")],
      [18, ...found("b", "calculator")],
      [19, ...found("a")],
    ];
    for (const { told, lacks } of resumedAnywhere(history)) expect(told).toEqual(lacks);
  });

  test("retries of tools side by side are told in order, and not again to who resumes", () => {
    const begin = (after: string | null): EventMapper => {
      const mapper = mapperFrom(after);
      tell(mapper, [
        ...tools({ a: "web_search", b: "web_search" }),
        [17, ...began("a")],
        [18, ...began("b", "4")],
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
    expect(typesOf(again.fact(toldAt(20, ...found("a"))))).toEqual(["tool.finished"]);
  });
});

describe("attempts in flight", () => {
  const inCall = (after: string | null = null): EventMapper => {
    const mapper = mapperFrom(after);
    tell(mapper, [...OPENING, CALL]);
    return mapper;
  };
  const hello = textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hello");

  test("text is told as it comes, and the rest with the reply", () => {
    const mapper = inCall();
    const live = mapper.rows("2", [
      markRow("2", { attempt: 1, seq: 1 }, { kind: "started" }),
      textRow("2", { attempt: 1, seq: 2, offset: 0 }, "Hel"),
      textRow("2", { attempt: 1, seq: 4, offset: 5 }, "beyond a gap"),
    ]);
    expect(live).toMatchObject([{ type: "reply.delta", id: "0.11.1.3", text: "Hel" }]);
    const end = mapper.fact(toldAt(13, replied("Hello")));
    expect(end).toMatchObject([{ type: "reply.delta", text: "lo" }, { type: "reply.finished" }]);
  });

  test("of a piece that the viewer holds in part, only the rest is told", () => {
    const events = inCall("0.11.1.3").rows("2", [hello]);
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
    mapper.rows("2", [hello]);
    const events = mapper.rows("2", [markRow("2", { attempt: 2, seq: 1 }, { kind: "started" })]);
    expect(events).toMatchObject([
      { type: "model.retrying", attempt: 1, code: "ATTEMPT_LOST", nextAttemptAt: null },
      { type: "reply.withdrawn", attempt: 1 },
    ]);
  });

  test("a viewer that resumes behind the withdrawal at the end of a call gets the whole text", () => {
    const reply = replied("whole", { attempt: 2 });
    const first = inCall("0.11.1.3").fact(toldAt(13, reply));
    expect(typesOf(first)).toEqual(["reply.withdrawn", "reply.delta", "reply.finished"]);
    const second = inCall(first[0]?.id).fact(toldAt(13, reply));
    expect(second).toMatchObject([
      { type: "reply.delta", text: "whole" },
      { type: "reply.finished" },
    ]);
  });

  test.each([
    ["denied", denied({ why: "rate_limited", notBefore: "2026-11-21T10:00:20Z" })],
    ["interrupted", { kind: "interrupted", crashTaxMicroUsd: 0 } as const],
    ["failed", { kind: "failed", code: "PROVIDER_AUTH", message: "" } as const],
  ])("text of a call that was %s is withdrawn", (_, end) => {
    const mapper = inCall();
    mapper.rows("2", [hello]);
    expect(typesOf(mapper.fact(toldAt(20, end)))).toEqual(["reply.withdrawn"]);
    expect(mapper.inFlight()).toEqual([]);
  });

  test("text of a call that gave no reply is withdrawn before the run ends", () => {
    const mapper = inCall();
    mapper.rows("2", [hello]);
    expect(typesOf(mapper.fact(toldAt(20, TERMINATED)))).toEqual(["reply.withdrawn", "run.ended"]);
  });

  test("text of a call whose transcript was lost is withdrawn where the same is asked again", () => {
    const mapper = inCall();
    mapper.rows("2", [hello]);
    expect(typesOf(mapper.fact(toldAt(20, asked(1), { activityId: "5" })))).toEqual([
      "reply.withdrawn",
    ]);
    expect(mapper.inFlight()).toEqual(["5"]);
  });

  test("text that a viewer still holds of a call which is over is withdrawn where it resumes", () => {
    const message = { messageId: "m", text: "and?", mode: "queue", by: "ann" } as const;
    const history: History = [
      ...OPENING,
      CALL,
      [13, denied({ why: "holds", limit: "tenant_day" })],
      [15, { kind: "said", message }],
      [17, asked(1)],
      [19, replied("Hello")],
    ];
    // By a gateway that had read nothing of the call, and so withdrew nothing of it.
    const events = tell(mapperFrom("0.15.1.3"), history);
    expect(events).toMatchObject([
      { type: "reply.withdrawn", id: "0.15.2.0", turn: 1, attempt: 1 },
      { type: "reply.delta", text: "Hello" },
      { type: "reply.finished" },
    ]);
  });
});
