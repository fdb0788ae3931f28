// What viewers hear of a run that asks another model than its own.

import { describe, expect, test } from "@jest/globals";
import { tellOn, UNTOLD } from "../../../src/client/told-run.ts";
import { lineOf } from "../../../src/cli/narrate.ts";
import type { CallCourse } from "../../../src/domain/call.ts";
import type { RunFact } from "../../../src/domain/run/facts.ts";
import type { Snapshot } from "../../../src/domain/run/snapshot.ts";
import { mapperFrom, resumedAnywhere, tell } from "../../support/mapper.ts";
import {
  asked,
  denied,
  INPUT,
  OPENED,
  replied,
  SNAPSHOT,
  toldIn,
  type History,
} from "../../support/run-facts.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const snapshot: Snapshot = {
  ...SNAPSHOT,
  fallbacks: { chains: { [SONNET]: [OPUS] }, attemptsMax: 3, prices: {} },
};
const CHANGE = { from: SONNET, reason: "down", message: "it has been failing" } as const;

const call = (turn: number, course: Pick<CallCourse, "model" | "change">): RunFact =>
  asked(turn, { course: { wanted: SONNET, why: "", ...course } });

const HISTORY: History = [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", opened: { ...OPENED, snapshot } }],
  [11, call(1, { model: SONNET })],
  [13, denied({ why: "down", notBefore: "2026-11-21T10:00:20Z" })],
  [14, call(1, { model: OPUS, change: CHANGE })],
  // Its transcript was lost: the very same is asked again.
  [17, call(1, { model: OPUS, change: CHANGE })],
  [19, replied("42", { model: OPUS })],
  [23, call(2, { model: OPUS })],
];

describe("a run that asks another model than its own", () => {
  test("tells the change once, behind the start of its turn, and then the model of each turn", () => {
    const events = tell(mapperFrom(), HISTORY).filter(({ type }) => type !== "reply.delta");
    expect(events.slice(1)).toMatchObject([
      { type: "turn.started", turn: 1, model: SONNET },
      { type: "model.changed", turn: 1, model: OPUS, ...CHANGE },
      { type: "reply.finished", turn: 1, model: OPUS },
      { type: "turn.started", turn: 2, model: OPUS },
    ]);
  });

  test("E1: a viewer that resumes anywhere hears the rest, each event once", () => {
    for (const { told, lacks } of resumedAnywhere(HISTORY)) expect(told).toEqual(lacks);
  });

  test("is counted by the model that answered", () => {
    const { memory } = toldIn(HISTORY).reduce(tellOn, UNTOLD).state;
    expect(memory?.counts.models).toEqual({ [OPUS]: 1 });
    expect(memory?.models.last).toMatchObject({ model: OPUS, wanted: SONNET });
  });

  test("has a line for people, where it leaves and where it returns", () => {
    const [change] = tell(mapperFrom(), HISTORY).filter((event) => event.type === "model.changed");
    if (change?.type !== "model.changed") throw new Error("no change was told");
    expect(lineOf(change)?.text).toBe(`⇄ ${OPUS} instead of ${SONNET}: it has been failing`);
    const back = { ...change, from: OPUS, model: SONNET, reason: "returned" } as const;
    expect(lineOf(back)?.text).toBe(`⇄ back to ${SONNET}`);
  });
});
