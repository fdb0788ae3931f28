// What viewers are told of a call that goes through the batch lane.

import { describe, expect, test } from "@jest/globals";
import { tellOn, UNTOLD } from "../../../src/client/told-run.ts";
import type { RunFact } from "../../../src/domain/run/facts.ts";
import { mapperFrom, resumedAnywhere, tell } from "../../support/mapper.ts";
import {
  asked,
  INPUT,
  OPENING,
  replied,
  toldIn,
  typesOf,
  waits,
  type History,
} from "../../support/run-facts.ts";

const SUBMITTED: History = [
  [11, asked(1, { lane: "batch" }), { activityId: "2" }],
  [
    13,
    {
      kind: "submitted",
      callKey: "k",
      attempt: 1,
      providerBatchId: "b",
      sentAfter: "2026-11-21T10:00:00Z",
      sentBefore: "2026-11-21T10:00:01Z",
    },
  ],
  [14, waits({ reason: "batch", message: "under way" })],
  [16, { kind: "waited" }],
  [17, { kind: "looks", giveUp: false }],
];
const UNSERVED: RunFact = {
  kind: "unserved",
  code: "BATCH_EXPIRED",
  message: "it expired",
  crashTaxMicroUsd: 500_000,
};

describe("a call in a batch", () => {
  test("is one turn, whose reply is told whole when it is there", () => {
    const story: History = [
      ...OPENING,
      ...SUBMITTED,
      [19, { kind: "pending", message: "still" }],
      [20, waits({ reason: "batch", message: "still" })],
      [22, { kind: "waited" }],
      [23, { kind: "looks", giveUp: false }],
      [26, replied("391", { lane: "batch" })],
    ];
    const mapper = mapperFrom();
    const events = tell(mapper, story);
    expect(typesOf(events).slice(1)).toEqual([
      "turn.started",
      "run.waiting",
      "run.waiting",
      "reply.delta",
      "reply.finished",
      "run.continued",
    ]);
    expect(events.at(-2)).toMatchObject({ lane: "batch", text: "391" });
    for (const { told, lacks } of resumedAnywhere(story)) expect(told).toEqual(lacks);
  });

  test("has no rows to be asked for while it waits: nothing is streamed of it", () => {
    const mapper = mapperFrom();
    tell(mapper, [...OPENING, ...SUBMITTED]);
    expect(mapper.inFlight()).toEqual([]);
  });

  test("that gave no reply is told as one that is tried again, live, in the same turn", () => {
    const events = tell(mapperFrom(), [
      ...OPENING,
      ...SUBMITTED,
      [20, UNSERVED],
      [22, asked(1), { activityId: "5" }],
      [26, replied("391")],
    ]);
    expect(typesOf(events).slice(1)).toEqual([
      "turn.started",
      "run.waiting",
      "run.continued",
      "model.retrying",
      "reply.delta",
      "reply.finished",
    ]);
    const { code } = UNSERVED;
    expect(events[4]).toMatchObject({ turn: 1, attempt: 1, code, nextAttemptAt: null });
    // What the batch cost is part of what the run has spent.
    expect(events.at(-1)).toMatchObject({ spentUsd: 0.5015 });
  });

  test("that gave no reply, and leaves a run that must sum up, is told before the turn that does", () => {
    const stop = { limit: "cost", message: "the cap" } as const;
    const story: History = [
      ...OPENING,
      ...SUBMITTED,
      [20, UNSERVED],
      [22, asked(1, { purpose: { kind: "wrap_up", stop } })],
    ];
    expect(tell(mapperFrom(), story).slice(-2)).toMatchObject([
      { type: "model.retrying", id: "0.22" },
      { type: "turn.started", id: "0.22.0.1", purpose: "wrap_up" },
    ]);
    for (const { told, lacks } of resumedAnywhere(story)) expect(told).toEqual(lacks);
  });

  test("that is waited for in a fresh history is the turn which the one before announced", () => {
    const purpose = { kind: "summary", toolsOff: false } as const;
    const inLane = [
      ...OPENING,
      [11, asked(1, { lane: "batch", purpose })] as const,
      ...SUBMITTED.slice(1),
    ];
    const resumed = { ...toldIn(inLane).reduce(tellOn, UNTOLD).state, execution: 1 };
    const events = tell(mapperFrom(), [
      [1, { kind: "started", input: { ...INPUT, resumed } }],
      [8, UNSERVED],
      [10, asked(1, { purpose })],
    ]);
    expect(typesOf(events)).toEqual(["run.continued", "model.retrying"]);
  });
});
