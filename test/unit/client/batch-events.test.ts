// What viewers are told of a call that goes through the batch lane.

import { describe, expect, test } from "@jest/globals";
import { parseEventId } from "../../../src/client/event-id.ts";
import { createEventMapper, type EventMapper } from "../../../src/client/event-mapper.ts";
import type { FactBody } from "../../../src/client/history-fact.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import {
  callInput,
  factAt,
  INPUT,
  replied,
  RUN_ID,
  SNAPSHOT,
  T0_MS,
  typesOf,
} from "../../support/run-facts.ts";

type Story = readonly (readonly [number, FactBody])[];

function mapperFrom(after: string | null = null): EventMapper {
  return createEventMapper({
    runId: RUN_ID,
    link: null,
    after: after === null ? null : parseEventId(after),
    nowMs: () => T0_MS,
  });
}

function tell(mapper: EventMapper, facts: Story): RunEvent[] {
  return facts.flatMap(([id, body]) => [...mapper.fact(factAt(id, body))]);
}

const OPENING: Story = [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", result: { snapshot: SNAPSHOT, head: "h", taskRef: "t" } }],
];

describe("a call in a batch", () => {
  const waits = (message: string): FactBody => {
    const nextAttemptAt = "2026-11-21T10:00:15Z";
    return { kind: "waitingChanged", waiting: { reason: "batch", message, nextAttemptAt } };
  };
  const finished = (lane?: "batch"): FactBody => ({
    kind: "callFinished",
    scheduledId: 22,
    result: replied("391", lane === undefined ? {} : { lane }),
  });
  const over: FactBody = { kind: "waitingChanged", waiting: null };
  const submitted: FactBody = {
    kind: "callScheduled",
    activityId: "2",
    input: callInput(1, { lane: "batch" }),
  };
  const code = "BATCH_EXPIRED";
  const unserved: FactBody = {
    kind: "callUnserved",
    result: { kind: "unserved", code, message: "it expired", crashTaxMicroUsd: 500_000 },
  };

  test("is one turn, whose reply is told whole when it is there", () => {
    const story: Story = [
      ...OPENING,
      [11, submitted],
      [14, waits("under way")],
      [20, waits("still")],
      [26, finished("batch")],
      [28, over],
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
    // Nothing is streamed of it, so no rows are asked for while it waits.
    expect(mapper.inFlight()).toEqual([]);
    for (const [index, { id }] of events.entries()) {
      expect(tell(mapperFrom(id), story)).toEqual(events.slice(index + 1));
    }
  });

  test("that gave no reply is told as one that is tried again, live, in the same turn", () => {
    const events = tell(mapperFrom(), [
      ...OPENING,
      [11, submitted],
      [14, waits("under way")],
      [20, unserved],
      [21, over],
      [22, { kind: "callScheduled", activityId: "5", input: callInput(1) }],
      [26, finished()],
    ]);
    expect(typesOf(events).slice(1)).toEqual([
      "turn.started",
      "run.waiting",
      "run.continued",
      "model.retrying",
      "reply.delta",
      "reply.finished",
    ]);
    expect(events[4]).toMatchObject({ turn: 1, attempt: 1, code, nextAttemptAt: null });
    // What the batch cost is part of what the run has spent.
    expect(events.at(-1)).toMatchObject({ spentUsd: 0.5015 });
  });
});
