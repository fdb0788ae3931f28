import { describe, expect, test } from "@jest/globals";
import { brokenOutcome, resultNow, soFar, tellOn, UNTOLD } from "../../../src/client/told-run.ts";
import type { Outcome } from "../../../src/domain/outcome.ts";
import type { RunFact } from "../../../src/domain/run/facts.ts";
import { statusOf } from "../../../src/domain/run/shown.ts";
import type { Snapshot } from "../../../src/domain/run/snapshot.ts";
import {
  asked,
  began,
  calling,
  found,
  INPUT,
  lost,
  OPENED,
  OPENING,
  replied,
  RUN_ID,
  SNAPSHOT,
  T0_MS,
  toldIn,
  waits,
  type History,
} from "../../support/run-facts.ts";

const SONNET = SNAPSHOT.model;
const OPUS = "claude-opus-5-5";
const NOW_MS = T0_MS + 60_000;
const CANCELLED: Outcome = { kind: "cancelled", message: "" };

const runOf = (history: History) => toldIn(history).reduce(tellOn, UNTOLD);
const answerIn = (history: History) => soFar(RUN_ID, runOf(history), NOW_MS).answer;
const resultIn = (history: History, outcome: Outcome) =>
  resultNow(RUN_ID, runOf(history), { outcome, nowMs: NOW_MS });

const opening = (more: Partial<Snapshot>): History => [
  [1, { kind: "started", input: INPUT }],
  [7, { kind: "opened", opened: { ...OPENED, snapshot: { ...SNAPSHOT, ...more } } }],
];

describe("what a run has said so far", () => {
  const cut = replied("The first part,", { stopReason: "max_tokens" });
  const rest = replied(" and the second.");

  test("is nothing before the first reply, and then partial", () => {
    expect(soFar(RUN_ID, UNTOLD, NOW_MS)).toMatchObject({ answer: null, partial: false });
    const run = runOf([...OPENING, [11, asked(1)], [13, replied("Step one.")]]);
    expect(soFar(RUN_ID, run, NOW_MS)).toMatchObject({
      answer: "Step one.",
      partial: true,
      modelCalls: 1,
      turns: 1,
      costUsd: 0.0015,
      durationMs: 59_000,
    });
    expect(soFar(RUN_ID, run, NOW_MS)).not.toHaveProperty("outcome");
  });

  test("is joined over replies that continue one another", () => {
    const history: History = [...OPENING, [11, asked(1)], [13, cut], [17, asked(2)], [19, rest]];
    expect(answerIn(history)).toBe("The first part, and the second.");
  });

  test("D4: keeps what was cut while a refusal behind it is handed on, and goes on from it", () => {
    const course = { model: OPUS, wanted: SONNET, why: "" };
    const refused: History = [
      ...opening({ fallbacks: { chains: { [SONNET]: [OPUS] }, attemptsMax: 2, prices: {} } }),
      [11, asked(1)],
      [13, cut],
      [17, asked(2)],
      [19, replied("I can't say more.", { stopReason: "refusal" })],
    ];
    expect(answerIn(refused)).toBe("The first part,");
    expect(resultIn(refused, CANCELLED)).toMatchObject({
      answer: "The first part,",
      partial: true,
    });
    const whole: History = [...refused, [23, asked(3, { course })], [25, rest]];
    expect(answerIn(whole)).toBe("The first part, and the second.");
  });

  test("D4: a refusal that ends the run is not its answer", () => {
    const refused: History = [
      ...OPENING,
      [11, asked(1)],
      [13, cut],
      [17, asked(2)],
      [19, replied("I can't say more.", { stopReason: "refusal" })],
    ];
    const outcome: Outcome = { kind: "refused", message: "" };
    expect(answerIn(refused)).toBe("The first part,");
    expect(resultIn(refused, outcome)).toMatchObject({ answer: "The first part,", partial: true });
  });

  test("D4: keeps what was cut where an empty reply follows, and goes on from it", () => {
    const empty: History = [
      ...OPENING,
      [11, asked(1)],
      [13, cut],
      [17, asked(2)],
      [19, replied("")],
    ];
    expect(answerIn(empty)).toBe("The first part,");
    const whole: History = [...empty, [23, asked(3)], [25, rest]];
    expect(answerIn(whole)).toBe("The first part, and the second.");
  });

  test("is what its tools found where the model has not spoken", () => {
    const history: History = [
      ...OPENING,
      [11, asked(1)],
      [13, calling({ a: "web_search" })],
      [17, ...began("a")],
      [19, ...found("a")],
    ];
    expect(answerIn(history)).toBe("a\n b");
    expect(resultIn(history, { kind: "refused", message: "" }).answer).toBeNull();
  });
});

describe("a run as its history tells it", () => {
  const calls = { a: "web_search", b: "calculator", c: "calculator" };
  const answering: History = [...OPENING, [11, asked(1)], [13, calling(calls)]];
  const stagesOf = (history: History) => {
    const { phase } = runOf(history).state;
    return phase.kind === "answering" ? phase.calls.map(({ kind }) => kind) : phase.kind;
  };

  test("goes on from what came along to a fresh history", () => {
    const { state } = runOf([...OPENING, [11, asked(1)], [13, replied("Step one.")]]);
    const resumed = { ...state, execution: 1 };
    const history: History = [[1, { kind: "started", input: { ...INPUT, resumed } }]];
    expect(runOf(history).state).toEqual(resumed);
    expect(resultIn(history, CANCELLED)).toMatchObject({ answer: "Step one.", durationMs: 59_000 });
  });

  test("takes an inline tool that failed for the first that it can be", () => {
    expect(stagesOf([...answering, [17, ...began("a")], [19, lost("", "Error")]])).toEqual([
      "running",
      "answered",
      "cleared",
    ]);
    const foundB = found("b", "calculator");
    expect(stagesOf([...answering, [18, ...foundB], [19, lost("", "Error")]])).toEqual([
      "cleared",
      "answered",
      "answered",
    ]);
  });

  test("counts each tool once, be it inline, executed again, lost or found", () => {
    const history: History = [
      ...answering,
      [17, ...began("a")],
      [18, ...began("a")],
      [19, lost("", "Error")],
      [20, ...found("c", "calculator")],
      [21, lost("a")],
    ];
    expect(stagesOf(history)).toBe("ready");
    expect(runOf(history).state.memory?.counts.toolCalls).toBe(3);
  });

  test.each([
    ["running", []],
    ["paused", [{ kind: "paused" }]],
    ["running", [{ kind: "paused" }, { kind: "resumed" }]],
    ["waiting", [waits()]],
    // A person comes before a clock.
    ["paused", [waits(), { kind: "paused" }]],
    ["waiting", [waits(), { kind: "waited" }]],
  ] as const)("is %s, between two steps, after %j", (status, facts) => {
    const history: History = facts.map((fact: RunFact, index) => [20 + index, fact] as const);
    expect(statusOf(runOf([...OPENING, ...history]).state)).toBe(status);
  });

  test("is paused once the reply in flight has come, and not before", () => {
    const pausing: History = [...OPENING, [11, asked(1)], [12, { kind: "paused" }]];
    expect(statusOf(runOf(pausing).state)).toBe("running");
    const paused: History = [...pausing, [13, replied("", { stopReason: "pause_turn" })]];
    expect(statusOf(runOf(paused).state)).toBe("paused");
  });
});

describe("a run that was broken off", () => {
  const seen = { kind: "broken", code: "TERMINATED", message: "by hand" } as const;

  test("failed, unless it was cancelled from outside", () => {
    expect(brokenOutcome({ ...seen, how: "terminated" })).toEqual({
      kind: "failed",
      code: "TERMINATED",
      message: "by hand",
    });
    expect(brokenOutcome({ ...seen, how: "cancelled" })).toEqual({
      kind: "cancelled",
      message: "by hand",
    });
  });

  test("before it was opened has no answer and cost nothing", () => {
    expect(resultIn([[1, { kind: "started", input: INPUT }]], CANCELLED)).toMatchObject({
      traceId: INPUT.traceId,
      answer: null,
      costUsd: 0,
      modelCalls: 0,
      turns: 0,
    });
  });
});
