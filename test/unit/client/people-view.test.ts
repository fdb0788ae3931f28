import { describe, expect, test } from "@jest/globals";
import { peopleNews } from "../../../src/client/people-view.ts";
import { tellOn, UNTOLD, type ToldRun } from "../../../src/client/told-run.ts";
import { SILENCE, type PendingApproval, type Ruling } from "../../../src/domain/approval.ts";
import type { RunFact } from "../../../src/domain/run/facts.ts";
import { mapperFrom, resumedAnywhere, tell } from "../../support/mapper.ts";
import {
  asked,
  began,
  calling,
  found,
  INPUT,
  OPENED,
  replied,
  SNAPSHOT,
  toldAt,
  toldIn,
  typesOf,
  type History,
} from "../../support/run-facts.ts";

const POLICY = { ...SNAPSHOT, policy: { write_file: "ask" } } as const;

/** A run whose model wants to write files, by the ids of the calls. */
const WRITING = (...callIds: readonly string[]): History => [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", opened: { ...OPENED, snapshot: POLICY } }],
  [11, asked(1)],
  [13, calling(Object.fromEntries(callIds.map((callId) => [callId, "write_file"])))],
];

const pending = (callId: string): PendingApproval => ({
  callId,
  tool: "write_file",
  turn: 1,
  preview: "{}",
  argsDigest: `digest_${callId}`,
  reason: "the policy says so",
  requestedAt: "2026-11-21T10:00:00.000Z",
  deadlineAt: "2026-11-22T10:00:00.000Z",
});
const personAsked = (...callIds: readonly string[]): News => ({
  kind: "personAsked",
  pending: callIds.map(pending),
});
const APPROVED: Ruling = { verdict: "approved", by: "ann", reason: null, always: false };
const ruled = (callId: string, ruling: Ruling = APPROVED): News => ({
  kind: "ruled",
  callId,
  ruling,
});

type News = Extract<RunFact, { kind: "personAsked" | "ruled" }>;

const runOf = (history: History): ToldRun => toldIn(history).reduce(tellOn, UNTOLD);

function newsOf(before: ToldRun, fact: News) {
  return peopleNews(before, tellOn(before, toldAt(20, fact)), fact);
}

const typesIn = (before: ToldRun, fact: News): readonly string[] =>
  newsOf(before, fact).map(({ type }) => type);

describe("what a viewer is told of approvals", () => {
  const one = runOf([...WRITING("a"), [14, personAsked("a")]]);
  const two = runOf([...WRITING("a", "b"), [14, personAsked("a", "b")]]);

  test("a first question comes with the news that the run waits", () => {
    expect(newsOf(runOf(WRITING("a")), personAsked("a"))).toMatchObject([
      { type: "approval.requested", reason: "the policy says so" },
      {
        type: "run.waiting",
        reason: "approval",
        message: "a call of write_file waits for a person's decision",
        nextAttemptAt: null,
      },
    ]);
  });

  test("several questions are one wait, which says how many there are", () => {
    const news = newsOf(runOf(WRITING("a", "b")), personAsked("a", "b"));
    expect(news).toMatchObject([
      { callId: "a" },
      { callId: "b" },
      { type: "run.waiting", message: "2 calls wait for a person's decision" },
    ]);
  });

  test("a question carries the arguments whole", () => {
    const message = {
      role: "assistant",
      content: [{ type: "tool_use", id: "a", name: "write_file", input: { path: "notes.txt" } }],
    } as const;
    const history: History = [
      ...WRITING("a").slice(0, -1),
      [13, calling({ a: "write_file" }, { message })],
    ];
    const [question] = newsOf(runOf(history), personAsked("a"));
    expect(question).toMatchObject({
      callId: "a",
      input: { path: "notes.txt" },
      argsDigest: "digest_a",
    });
  });

  test("a decision tells who decided what, and whether the arguments were edited", () => {
    const editedInput = { path: "other.txt" };
    const [decided] = newsOf(two, ruled("a", { ...APPROVED, always: true, editedInput }));
    expect(decided).toEqual({
      type: "approval.decided",
      turn: 1,
      callId: "a",
      tool: "write_file",
      verdict: "approved",
      by: "ann",
      reason: null,
      edited: true,
      always: true,
    });
  });

  test("a decision among several leaves the run waiting, and the last one lets it go on", () => {
    expect(typesIn(two, ruled("a"))).toEqual(["approval.decided"]);
    const half = tellOn(two, toldAt(20, ruled("a")));
    expect(typesIn(half, ruled("b"))).toEqual(["approval.decided", "run.continued"]);
  });

  test("silence is told as a decision of nobody", () => {
    expect(newsOf(one, ruled("a", SILENCE))).toMatchObject([
      { type: "approval.decided", verdict: "expired", by: null },
      { type: "run.continued", reason: "resumed" },
    ]);
  });

  test("A1: a second decision on a call is no news", () => {
    const decided = tellOn(two, toldAt(20, ruled("a")));
    expect(newsOf(decided, ruled("a", SILENCE))).toEqual([]);
  });

  test("questions that a run takes back as it ends are no news that it goes on", () => {
    const events = tell(mapperFrom(), [
      ...WRITING("a"),
      [14, personAsked("a")],
      [15, { kind: "calledOff", by: "cancel" }],
    ]);
    expect(typesOf(events).at(-1)).toBe("run.waiting");
  });

  test("a decision that was taken as the run was cancelled is told, and lets nothing go on", () => {
    const cancelled = tellOn(one, toldAt(15, { kind: "calledOff", by: "cancel" }));
    expect(typesIn(cancelled, ruled("a"))).toEqual(["approval.decided"]);
  });

  test("what was decided for an earlier reply is not told again", () => {
    const events = tell(mapperFrom(), [
      ...WRITING("a"),
      [14, personAsked("a")],
      [20, ruled("a")],
      [22, ...began("a")],
      [24, ...found("a", "write_file")],
      [26, asked(2)],
      [28, calling({ c: "write_file" })],
      [30, ruled("a")],
      [31, personAsked("c")],
    ]);
    expect(typesOf(events).slice(-3)).toEqual([
      "reply.finished",
      "approval.requested",
      "run.waiting",
    ]);
  });
});

describe("several facts of one event", () => {
  /** Nobody decided on the first, and the memo that says so still names the second. */
  const history: History = [
    ...WRITING("a", "b"),
    [14, personAsked("a", "b")],
    [20, ruled("a", SILENCE)],
    [20, personAsked("b")],
    [25, ruled("b")],
  ];

  test("are told one after another, and nothing that is known again", () => {
    const events = tell(mapperFrom(), history).slice(-6);
    expect(events.map(({ type, id }) => `${type} ${id}`)).toEqual([
      "approval.requested 0.14",
      "approval.requested 0.14.0.1",
      "run.waiting 0.14.0.2",
      "approval.decided 0.20",
      "approval.decided 0.25",
      "run.continued 0.25.0.1",
    ]);
  });

  test("E1: a viewer that resumes anywhere hears the rest, each event once", () => {
    for (const { told, lacks } of resumedAnywhere(history)) expect(told).toEqual(lacks);
  });
});

test("a run that waits for a person and was spoken to waits on", () => {
  const message = { messageId: "m", text: "hurry", mode: "queue", by: "ann" } as const;
  const events = tell(mapperFrom(), [
    ...WRITING("a"),
    [14, personAsked("a")],
    [15, { kind: "said", message }],
    [20, ruled("a", { ...APPROVED, verdict: "denied" })],
    [24, asked(2)],
    [26, replied("not written")],
  ]);
  expect(typesOf(events).slice(3)).toEqual([
    "approval.requested",
    "run.waiting",
    "message.received",
    "approval.decided",
    "run.continued",
    "turn.started",
    "reply.delta",
    "reply.finished",
  ]);
});
