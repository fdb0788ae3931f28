// What viewers are told of a run that stands still: a wait is shown until a reply comes or a person ends it.

import { describe, expect, test } from "@jest/globals";
import { mapperFrom, resumedAnywhere, tell } from "../../support/mapper.ts";
import {
  asked,
  denied,
  OPENING,
  replied,
  TERMINATED,
  textRow,
  toldAt,
  typesOf,
  waits,
  type History,
} from "../../support/run-facts.ts";

const CAP = { reason: "budget", message: "the cap", nextAttemptAt: null } as const;
const HOLDS = denied({ why: "holds", limit: "tenant_day" });

/** All that is told behind the start of the run. */
function toldOf(...history: History) {
  return tell(mapperFrom(), [...OPENING, ...history]).slice(1);
}

describe("a wait", () => {
  test("tells why, and its end once", () => {
    const events = toldOf(
      [31, waits({ ...CAP, limit: "cost" })],
      [36, { kind: "resumed" }],
      [37, { kind: "resumed" }],
      [38, asked(1)],
      [40, replied("done")],
    );
    expect(events).toMatchObject([
      { type: "run.waiting", ...CAP },
      { type: "run.continued", reason: "resumed", id: "0.36" },
      { type: "run.resumed", by: "", addedUsd: 0, id: "0.36.0.1" },
      { type: "turn.started" },
      { type: "reply.delta" },
      { type: "reply.finished" },
    ]);
    expect(events[0]).not.toHaveProperty("limit");
  });

  test("that is for the same reason as the one before is told once, until a reply comes", () => {
    const events = toldOf(
      [11, asked(1)],
      [13, HOLDS],
      [14, waits()],
      [16, { kind: "waited" }],
      [17, asked(1)],
      [19, HOLDS],
      [20, waits({ nextAttemptAt: "2026-11-21T10:00:30.000Z" })],
      [22, { kind: "waited" }],
      [23, asked(1)],
      [25, replied("done")],
    );
    expect(typesOf(events)).toEqual([
      "turn.started",
      "run.waiting",
      "reply.delta",
      "reply.finished",
      "run.continued",
    ]);
  });

  test("that is for another reason, or with other words, is told too", () => {
    const events = toldOf(
      [14, waits()],
      [16, { kind: "waited" }],
      [17, waits({ message: "others hold it" })],
      [18, waits({ ...CAP, limit: "cost" })],
    );
    expect(events).toMatchObject([
      { message: "the provider is busy" },
      { message: "others hold it" },
      { reason: "budget" },
    ]);
  });

  test("for capacity is not ended by a person who lets the run go on", () => {
    expect(typesOf(toldOf([14, waits()], [16, { kind: "resumed" }]))).toEqual(["run.waiting"]);
  });

  test("of a run that ends does not go on", () => {
    const outcome = { kind: "cancelled", message: "" } as const;
    const events = toldOf(
      [14, waits()],
      [15, { kind: "calledOff", by: "cancel" }],
      [16, { kind: "closing", outcome, durationMs: 1 }],
      [20, TERMINATED],
    );
    expect(typesOf(events)).toEqual(["run.waiting", "run.ended"]);
  });

  test("that a person ends in mid-reply is told there, and the text goes on behind it", () => {
    const mapper = mapperFrom();
    tell(mapper, [
      ...OPENING,
      [14, waits({ ...CAP, limit: "cost" })],
      [16, { kind: "lookedAgain" }],
      [17, asked(1), { activityId: "2" }],
    ]);
    mapper.rows("2", [textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hel")]);
    expect(mapper.fact(toldAt(18, { kind: "resumed" }))).toMatchObject([
      { type: "run.continued", id: "0.18.1.3" },
    ]);
    expect(mapper.rows("2", [textRow("2", { attempt: 1, seq: 2, offset: 3 }, "lo")])).toMatchObject(
      [{ type: "reply.delta", id: "0.18.1.5", text: "lo" }],
    );
  });

  test("E1: a viewer that resumes anywhere hears the rest, each event once", () => {
    const history: History = [
      ...OPENING,
      [14, waits()],
      [17, asked(1)],
      [19, HOLDS],
      [20, waits({ ...CAP, limit: "cost" })],
      [21, { kind: "resumed" }],
      [22, waits()],
      [23, asked(1)],
      [25, replied("done")],
    ];
    for (const { told, lacks } of resumedAnywhere(history)) expect(told).toEqual(lacks);
  });

  test("E3: a viewer that resumes behind any event of the reply which ends it holds that reply", () => {
    const history: History = [
      [14, waits()],
      [17, asked(1), { activityId: "2" }],
    ];
    const holding = (after: string | null) => {
      const mapper = mapperFrom(after);
      tell(mapper, [...OPENING, ...history]);
      return mapper;
    };
    const reply = toldAt(25, replied("Hello"));
    // It holds "Hel" of the reply in flight.
    const told = holding("0.17.1.3").fact(reply);
    expect(typesOf(told)).toEqual(["reply.delta", "reply.finished", "run.continued"]);
    for (const [index, { id }] of told.entries()) {
      expect(holding(id).fact(reply)).toEqual(told.slice(index + 1));
    }
  });
});
