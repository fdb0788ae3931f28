import { describe, expect, test } from "@jest/globals";
import { callCourse, isHandedOn, wasHandedOn } from "../../../src/domain/model-course.ts";
import {
  awaitsVerdict,
  excerptOf,
  modelsFor,
  verdictIn,
  type Routing,
} from "../../../src/domain/routing.ts";
import type { CallCourse } from "../../../src/domain/call.ts";
import { openingState, takeReply, type RunState } from "../../../src/domain/run-state.ts";
import { NO_USAGE } from "../../../src/domain/usage.ts";
import { aReply, aSnapshot } from "../../support/replies.ts";

const SONNET = "claude-sonnet-5-5";
const OPUS = "claude-opus-5-5";
const HAIKU = "claude-haiku-5-5";

function opened(policy: Routing["policy"], openingTokens = 100): RunState {
  const routing = { policy, models: modelsFor(SONNET), openingTokens };
  return openingState({ snapshot: aSnapshot({ routing }), head: "h0", taskRef: "t" }, 0);
}

function call(state: RunState, sumsUp = false): CallCourse {
  return callCourse(state, { nowMs: 0, sumsUp });
}

const grownTo = (tokens: number) => aReply({ usage: { ...NO_USAGE, inputTokens: tokens } });
const calling = (count: number) =>
  aReply({
    stopReason: "tool_use",
    toolCalls: Array.from({ length: count }, (_, n) => ({
      callId: `c${n}`,
      name: "calculator",
      preview: "",
    })),
  });

describe("by the size of the context", () => {
  test.each<[number, string]>([
    [100, HAIKU],
    [8000, HAIKU],
    [8001, SONNET],
    [50_000, SONNET],
    [50_001, OPUS],
  ])("a prompt of %d tokens goes to %s", (tokens, model) => {
    expect(call(opened("by-context-size", tokens))).toMatchObject({
      model,
      change: { reason: "routed", message: expect.stringContaining(`${tokens} tokens`) },
    });
  });

  test("a conversation that grows moves up, tells it, and never moves back", () => {
    const state = opened("by-context-size");
    expect(call(state).model).toBe(HAIKU);
    takeReply(state, grownTo(9000));
    expect(call(state)).toMatchObject({ model: SONNET, change: { from: HAIKU, reason: "routed" } });
    takeReply(state, grownTo(500));
    expect(call(state)).toMatchObject({ model: SONNET });
    expect(call(state).change).toBeUndefined();
  });
});

describe("by a classifier", () => {
  test("the verdict gives the run to a tier, and is told, also where that is its own", () => {
    for (const [tier, model] of [
      ["simple", HAIKU],
      ["medium", SONNET],
      ["complex", OPUS],
    ] as const) {
      const state = opened("by-classifier");
      expect(awaitsVerdict(state, 50)).toBe(true);
      state.course = { ...state.course!, verdict: { tier, why: "so it is" } };
      expect(awaitsVerdict(state, 50)).toBe(false);
      expect(call(state)).toMatchObject({
        model,
        change: { reason: "routed", message: `by-classifier: ${tier}, so it is` },
      });
      expect(call(state).change).toBeUndefined();
    }
  });

  test("a run that has hardly a call to make is not classified, nor one that is under way", () => {
    const state = opened("by-classifier");
    expect(awaitsVerdict(state, 2)).toBe(false);
    expect(awaitsVerdict({ ...state, headTokens: 9 }, 50)).toBe(false);
    expect(awaitsVerdict(opened("per-turn"), 50)).toBe(false);
  });

  test.each<[string, unknown]>([
    ['{"tier":"simple","reason":"one sum"}', { tier: "simple", why: "one sum" }],
    ['{"tier":"complex"}', { tier: "complex", why: "" }],
    ['{"tier":"simple","reason":7}', { tier: "simple", why: "" }],
    ['{"tier":"giant","reason":"x"}', null],
    ["simple", null],
    ['{"tier":', null],
    ["null", null],
    ["", null],
  ])("%s is read as it was asked for, or not at all", (text, verdict) => {
    expect(verdictIn(text)).toEqual(verdict);
  });

  test("a long task is shown by its beginning", () => {
    const excerpt = excerptOf("x".repeat(100_000));
    expect(excerpt.length).toBeLessThan(5000);
    expect(excerpt).toMatch(/^<task>\nx+…\n<\/task>$/);
  });
});

describe("per turn", () => {
  /** In the second of its turns that called tools. */
  const underWay = (): RunState => {
    const state = opened("per-turn");
    call(state);
    takeReply(state, calling(1));
    state.entries = [{ ref: "0" }];
    call(state);
    takeReply(state, { ...calling(1), head: "h1" });
    state.entries = [{ ref: "a" }];
    return state;
  };

  test("the run's own model begins, and a small one goes on once tools have answered twice", () => {
    const state = opened("per-turn");
    for (let turn = 1; turn <= 2; turn += 1) {
      expect([turn, call(state).model]).toEqual([turn, SONNET]);
      takeReply(state, calling(2));
      state.entries = [{ ref: "a" }, { ref: "b" }];
    }
    expect(call(state)).toMatchObject({
      model: HAIKU,
      authors: [{ model: SONNET, replies: 2 }],
      weighedBy: SONNET,
    });
    takeReply(state, calling(1));
    state.entries = [{ ref: "c" }];
    expect(call(state).model).toBe(HAIKU);
  });

  test("not where a person spoke meanwhile, and not for the words of a run that stops", () => {
    const state = underWay();
    expect(call(state, true).model).toBe(SONNET);
    state.entries = [{ ref: "a" }, { message: { role: "user", content: [] } }];
    expect(call(state).model).toBe(SONNET);
  });

  test("the small one never answers: where it calls no tool its reply is dropped", () => {
    const state = underWay();
    expect(call(state).model).toBe(HAIKU);
    const answer = aReply({ text: "I think it is 7.", head: "h2", costMicroUsd: 3 });
    expect(isHandedOn(state, answer)).toBe(true);
    takeReply(state, answer);
    expect(wasHandedOn(state)).toBe(true);
    expect(state).toMatchObject({ head: "h1", entries: [{ ref: "a" }], answer: "ok" });
    expect(state.spentMicroUsd).toBe(3);
    expect(call(state)).toMatchObject({
      model: SONNET,
      change: { reason: "answers", from: HAIKU },
    });
    takeReply(state, aReply({ text: "It is 8.", head: "h3" }));
    expect(state).toMatchObject({ head: "h3", answer: "It is 8." });
    expect(wasHandedOn(state)).toBe(false);
  });

  test("what a person stopped, or the provider paused, stays with the run", () => {
    for (const stopReason of ["interrupted", "pause_turn"]) {
      const state = underWay();
      call(state);
      expect(isHandedOn(state, aReply({ stopReason }))).toBe(false);
    }
  });
});
