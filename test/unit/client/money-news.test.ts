// What viewers hear of a run's money beside its figures, and of arguments that take long to write.

import { describe, expect, test } from "@jest/globals";
import { lineOf } from "../../../src/cli/narrate.ts";
import type { Writing } from "../../../src/store/deltas.ts";
import { mapperFrom, resumedAnywhere, tell } from "../../support/mapper.ts";
import {
  asked,
  INPUT,
  markRow,
  OPENED,
  OPENING,
  replied,
  textRow,
  typesOf,
  type History,
} from "../../support/run-facts.ts";

const lowered = (limits: object): History => [
  [1, { kind: "started", input: { ...INPUT, limits } }],
  [7, { kind: "opened", opened: OPENED }],
];

describe("a limit that is lower than was asked", () => {
  test("is told with the opening of the run: money in dollars, all else in whole numbers", () => {
    const events = tell(mapperFrom(), lowered({ costMicroUsd: 5_000_000, modelCalls: 900 }));
    expect(events.slice(1)).toMatchObject([
      { type: "limit.lowered", limit: "cost", asked: 5, allowed: 1 },
      { type: "limit.lowered", limit: "model_calls", asked: 900, allowed: 50 },
    ]);
    expect(events.slice(1).map((event) => lineOf(event)?.text)).toEqual([
      "! $5.00 was asked, and no more than $1.00 is allowed here",
      "! 900 model calls was asked, and no more than 50 is allowed here",
    ]);
  });

  test.each([[{}], [{ costMicroUsd: 1_000_000 }], [{ costMicroUsd: 10, wallClockMs: 9e9 }]])(
    "is none where it holds as asked: %j",
    (limits) => {
      expect(typesOf(tell(mapperFrom(), lowered(limits)))).toEqual(["run.started"]);
    },
  );
});

describe("usage that nobody counted", () => {
  const history: History = [
    ...OPENING,
    [11, asked(1)],
    [13, replied("a", { estimated: "uncounted" })],
    [17, asked(2)],
    [19, replied("b", { estimated: "uncounted" })],
    [23, asked(3)],
    [25, replied("c", { estimated: "implausible" })],
    [27, asked(4)],
    [29, replied("d", { estimated: "stopped" })],
  ];

  test("is told of once for each reason, behind its reply, and stands at each", () => {
    const events = tell(mapperFrom(), history);
    expect(events.filter(({ type }) => type === "usage.estimated")).toMatchObject([
      { turn: 1, reason: "uncounted" },
      { turn: 3, reason: "implausible" },
    ]);
    const marks = events.flatMap((event) =>
      event.type === "reply.finished" ? [event.estimated] : [],
    );
    expect(marks).toEqual(["uncounted", "uncounted", "implausible", "stopped"]);
  });

  test("wherever a viewer resumes, it is told what it lacks", () => {
    for (const { told, lacks } of resumedAnywhere(history)) expect(told).toEqual(lacks);
  });
});

describe("arguments that take long", () => {
  const writing = (tool: string, chars: number, charsOfAll = chars): Writing => ({
    tool,
    chars,
    charsOfAll,
  });
  const sign = (attempt: number, seq: number, of: Writing) =>
    markRow("2", { attempt, seq }, { kind: "writing", writing: of });
  const ROWS = [
    markRow("2", { attempt: 1, seq: 1 }, { kind: "started" }),
    textRow("2", { attempt: 1, seq: 2, offset: 0 }, "I write."),
    sign(1, 3, writing("write_file", 700)),
    sign(1, 4, writing("write_file", 1400)),
    sign(1, 5, writing("calculator", 20, 1420)),
  ];
  const inFlight = (after: string | null = null) => {
    const mapper = mapperFrom(after);
    tell(mapper, [...OPENING, [11, asked(1), { activityId: "2" }]]);
    return mapper;
  };

  test("are told by their length, behind the text so far, each with an id of its own", () => {
    const events = inFlight().rows("2", ROWS);
    expect(events.map(({ type, id }) => [type, id])).toEqual([
      ["reply.delta", "0.11.1.8"],
      ["reply.progress", "0.11.1.8.700"],
      ["reply.progress", "0.11.1.8.1400"],
      ["reply.progress", "0.11.1.8.1420"],
    ]);
    expect(events[2]).toMatchObject({ tool: "write_file", chars: 1400, attempt: 1, turn: 1 });
    expect(events.map((event) => lineOf(event)?.text)[2]).toBe(
      "… writing arguments of write_file, 1,400 characters",
    );
  });

  test("are told on behind the event at which a viewer resumes", () => {
    const all = inFlight().rows("2", ROWS);
    for (const [at, { id }] of all.entries()) {
      expect(inFlight(id).rows("2", ROWS)).toEqual(all.slice(at + 1));
    }
  });

  test("of an attempt that is over say nothing", () => {
    const failed = {
      kind: "failed",
      code: "X",
      message: "",
      nextAttemptAt: "2026-11-21T10:00:05Z",
    } as const;
    const rows = [
      ...ROWS.slice(0, 2),
      markRow("2", { attempt: 1, seq: 3 }, failed),
      sign(1, 4, writing("w", 9)),
    ];
    expect(typesOf(inFlight().rows("2", rows))).toEqual(["reply.delta", "model.retrying"]);
  });

  test("of a reply that the run alone reads are not told", () => {
    const mapper = mapperFrom();
    const route = asked(1, { purpose: { kind: "route" } });
    tell(mapper, [...OPENING, [11, route, { activityId: "2" }]]);
    expect(mapper.rows("2", [sign(1, 1, writing("w", 9))])).toEqual([]);
  });
});
