// What viewers hear of a run that asks another model than its own.

import { describe, expect, test } from "@jest/globals";
import { parseEventId } from "../../../src/client/event-id.ts";
import { createEventMapper } from "../../../src/client/event-mapper.ts";
import type { FactBody } from "../../../src/client/history-fact.ts";
import { createTally } from "../../../src/client/run-tally.ts";
import { lineOf } from "../../../src/cli/narrate.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import type { CallCourse } from "../../../src/domain/call.ts";
import type { Snapshot } from "../../../src/domain/run.ts";
import {
  callInput,
  factAt,
  INPUT,
  replied,
  RUN_ID,
  SNAPSHOT,
  T0_MS,
} from "../../support/run-facts.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const snapshot: Snapshot = {
  ...SNAPSHOT,
  fallbacks: { chains: { [SONNET]: [OPUS] }, attemptsMax: 3, prices: {} },
};
const CHANGE = { from: SONNET, reason: "down", message: "it has been failing" } as const;

const call = (turn: number, course: Pick<CallCourse, "model" | "change">): FactBody => ({
  kind: "callScheduled",
  activityId: String(turn),
  input: callInput(turn, { course: { wanted: SONNET, why: "", ...course } }),
});
const away: FactBody = {
  kind: "callFinished",
  scheduledId: 11,
  result: {
    kind: "denied",
    why: "down",
    notBefore: new Date(T0_MS + 20_000).toISOString(),
    at: new Date(T0_MS + 13_000).toISOString(),
    message: "it has been failing",
    crashTaxMicroUsd: 0,
  },
};
const answered: FactBody = {
  kind: "callFinished",
  scheduledId: 14,
  result: replied("42", { model: OPUS }),
};

const FACTS: readonly (readonly [number, FactBody])[] = [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", result: { snapshot, head: "h", taskRef: "t" } }],
  [11, call(1, { model: SONNET })],
  [13, away],
  [14, call(1, { model: OPUS, change: CHANGE })],
  [
    15,
    { kind: "callFailed", scheduledId: 14, failure: { code: "TRANSCRIPT_MISSING", message: "" } },
  ],
  [17, call(1, { model: OPUS, change: CHANGE })],
  [19, answered],
  [23, call(2, { model: OPUS })],
];

function eventsFrom(after: string | null): readonly RunEvent[] {
  const cursor = after === null ? null : parseEventId(after);
  const mapper = createEventMapper({
    runId: RUN_ID,
    link: null,
    after: cursor,
    nowMs: () => T0_MS,
  });
  return FACTS.flatMap(([id, body]) => [...mapper.fact(factAt(id, body))]);
}

describe("a run that asks another model than its own", () => {
  test("tells the change once, behind the start of its turn, and then the model of each turn", () => {
    const events = eventsFrom(null).filter(({ type }) => type !== "reply.delta");
    expect(events.slice(1)).toMatchObject([
      { type: "turn.started", turn: 1, model: SONNET },
      { type: "model.changed", turn: 1, model: OPUS, ...CHANGE },
      { type: "reply.finished", turn: 1, model: OPUS },
      { type: "turn.started", turn: 2, model: OPUS },
    ]);
  });

  test("E1: a viewer that resumes anywhere hears the rest, each event once", () => {
    const all = eventsFrom(null);
    for (const [index, { id }] of all.entries()) {
      expect(eventsFrom(id)).toEqual(all.slice(index + 1));
    }
  });

  test("is counted by the model that answered", () => {
    const tally = createTally();
    for (const [id, body] of FACTS) tally.apply(factAt(id, body));
    expect(tally.state?.models).toEqual({ [OPUS]: 1 });
    expect(tally.state?.course).toMatchObject({ model: OPUS });
  });

  test("has a line for people, where it leaves and where it returns", () => {
    const [change] = eventsFrom(null).filter((event) => event.type === "model.changed");
    if (change?.type !== "model.changed") throw new Error("no change was told");
    expect(lineOf(change)?.text).toBe(`⇄ ${OPUS} instead of ${SONNET}: it has been failing`);
    const back = { ...change, from: OPUS, model: SONNET, reason: "returned" } as const;
    expect(lineOf(back)?.text).toBe(`⇄ back to ${SONNET}`);
  });
});
