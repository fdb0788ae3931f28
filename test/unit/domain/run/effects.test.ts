// What a run did is taken back where it comes to nothing.

import { describe, expect, test } from "@jest/globals";
import type { Undone } from "../../../../src/domain/effect.ts";
import { EFFECTS_BYTES_MAX } from "../../../../src/domain/run/effects.ts";
import { jsonBytesOf } from "../../../../src/domain/json-size.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { inFreshHistory } from "../../../../src/domain/run/carried.ts";
import { resultOf } from "../../../../src/domain/run/result.ts";
import type { Snapshot } from "../../../../src/domain/run/snapshot.ts";
import type { Effect } from "../../../../src/domain/effect.ts";
import { calling, given, replied, toolNamed, type Story } from "../../../support/run-story.ts";

const FAILED = { kind: "failed", code: "PROVIDER_REJECTED", message: "400" } as const;

const TERMS: Partial<Snapshot> = {
  tools: [
    toolNamed("calculator"),
    toolNamed("book", { permission: "write", effect: "idempotent", compensates: true }),
    toolNamed("mail", { permission: "write", effect: "once" }),
  ],
  policy: { book: "allow", mail: "allow" },
};

const began = (callId: string): RunFact => ({ kind: "toolBegan", callId });
const found = (callId: string, effect?: "none" | "unknown"): RunFact => {
  const answer = { kind: "toolEnded", callId, ref: `answer_${callId}`, found: "ok" } as const;
  return effect === undefined ? answer : { ...answer, effect };
};
const lost = (callId: string): RunFact => {
  return { kind: "toolLost", callId, code: "CANCELLED", message: "cancelled" };
};

/** A reply that calls the tools; the calls are known by the turn and their place. */
function called(run: Story, ...names: readonly string[]): Story {
  const reply = calling(...names);
  const turn = run.call().turn;
  const toolCalls = reply.toolCalls.map((call, at) => ({ ...call, callId: `${turn}.${at + 1}` }));
  return run.asking({ ...reply, toolCalls });
}

const booked = (run: Story, id: string): Story => called(run, "book").and(began(id), found(id));

/** Performs what is decided until the run closes, and says what was taken back on the way. */
function undoing(run: Story, ends: Readonly<Record<string, Undone>> = {}) {
  const ids: string[] = [];
  let story = run;
  for (let step = story.step(); step.kind === "compensate"; step = story.step()) {
    const { effect, outcome } = step;
    ids.push(effect.callId);
    const undo = ends[effect.callId] ?? { kind: "undone" };
    story = story.and(
      { kind: "compensationBegan", callId: effect.callId, outcome },
      { kind: "compensated", callId: effect.callId, undo },
    );
  }
  return { ids, story, outcome: story.outcome() };
}

function resultIn(run: Story) {
  const decided = run.step();
  if (decided.kind !== "close") throw new Error(`not closed: ${decided.kind}`);
  const end = { outcome: decided.outcome, ledger: null, durationMs: 1 };
  return resultOf({ runId: "r", traceId: "t" }, run.state, end);
}

describe("Y3: a run that did three things", () => {
  const did = booked(booked(booked(given(TERMS), "1.1"), "2.1"), "3.1");

  test("undoes them where it is cancelled, the last first, and each once", () => {
    const { ids, outcome } = undoing(did.and({ kind: "calledOff", by: "cancel" }));
    expect(ids).toEqual(["3.1", "2.1", "1.1"]);
    expect(outcome).toMatchObject({ kind: "cancelled" });
  });

  test("undoes them where it fails, and ends with what it failed with", () => {
    const { ids, outcome, story } = undoing(did.asking(FAILED));
    expect(ids).toEqual(["3.1", "2.1", "1.1"]);
    expect(outcome).toEqual(FAILED);
    expect(resultIn(story).compensations).toEqual(
      ["1.1", "2.1", "3.1"].map((callId) => ({ callId, tool: "book", undo: "undone" })),
    );
  });

  test.each<[string, (run: Story) => Story]>([
    ["answers", (run) => run.asking(replied("done"))],
    ["was refused", (run) => run.asking(replied("", { stopReason: "refusal" }))],
    ["is stopped by its clock", (run) => run.and({ kind: "calledOff", by: "clock" })],
  ])("keeps them where it %s", (_, ending) => {
    const run = ending(did);
    expect(run.step().kind).toBe("close");
    expect(resultIn(run)).not.toHaveProperty("compensations");
  });

  test("keeps them where it was told to, and names them", () => {
    const keeping = booked(given({ ...TERMS, onFailure: "keep" }), "1.1");
    const { ids, story } = undoing(keeping.and({ kind: "calledOff", by: "cancel" }));
    expect(ids).toEqual([]);
    expect(resultIn(story).compensations).toEqual([{ callId: "1.1", tool: "book", undo: "kept" }]);
  });

  test("is not stopped by a second cancel, by its clock, or by words, while it undoes", () => {
    const cancelled = did.and({ kind: "calledOff", by: "cancel" });
    const step = cancelled.step();
    if (step.kind !== "compensate") throw new Error(step.kind);
    const { outcome } = step;
    const under = cancelled
      .and({ kind: "compensationBegan", callId: "3.1", outcome })
      .and({ kind: "calledOff", by: "clock" }, { kind: "calledOff", by: "cancel" })
      .and({ kind: "paused" })
      .and({ kind: "compensated", callId: "3.1", undo: { kind: "undone" } });
    expect(undoing(under).ids).toEqual(["2.1", "1.1"]);
    expect(undoing(under).outcome).toEqual(outcome);
  });

  test("moves to a fresh history between two of them, and not while one is under way", () => {
    const cancelled = did.and({ kind: "calledOff", by: "cancel" });
    const { order } = cancelled;
    const outcome = { kind: "cancelled", message: "" } as const;
    const under = cancelled.and({ kind: "compensationBegan", callId: "3.1", outcome });
    expect(inFreshHistory(order, under.state)).toBeNull();
    const between = under.and({ kind: "compensated", callId: "3.1", undo: { kind: "undone" } });
    expect(inFreshHistory(order, between.state)?.resumed?.phase.kind).toBe("compensating");
  });
});

describe("Y4: what is not undone is named", () => {
  test("where it can't be, where it failed, and where nobody knows whether it had happened", () => {
    const run = called(given(TERMS), "book", "mail", "book", "mail")
      .and(...["1.1", "1.2", "1.3", "1.4"].map(began))
      .and(found("1.1"), found("1.2"), lost("1.3"), lost("1.4"))
      .and({ kind: "calledOff", by: "cancel" });
    const { ids, story } = undoing(run, { "1.1": { kind: "failed", message: "no refunds" } });
    expect(ids).toEqual(["1.3", "1.1"]);
    expect(resultIn(story).compensations).toEqual([
      { callId: "1.1", tool: "book", undo: "failed", message: "no refunds" },
      { callId: "1.2", tool: "mail", undo: "impossible" },
      { callId: "1.3", tool: "book", undo: "undone" },
      { callId: "1.4", tool: "mail", undo: "impossible", isUnsure: true },
    ]);
  });

  test("and what changed nothing is not: a tool that reads, one that was not called, one that says so", () => {
    const run = called(given(TERMS), "calculator", "book", "book", "nothing")
      .and(began("1.1"), found("1.1"), began("1.2"), found("1.2", "none"))
      .and(began("1.3"), found("1.3", "unknown"));
    const { done } = run.memory().effects;
    expect(done.map(({ callId, answerRef }) => [callId, answerRef])).toEqual([["1.3", null]]);
  });

  test("older ones for which there is no room are counted", () => {
    let run = given(TERMS);
    const names = Array.from({ length: 190 }, () => "book");
    run = called(run, ...names);
    const ids = run.calls().map(({ callId }) => callId);
    run = run.and(...ids.flatMap((id) => [began(id), found(id)]));
    const { done, forgotten } = run.memory().effects;
    expect(done.length + forgotten).toBe(190);
    expect(done.length).toBeGreaterThan(100);
    expect(forgotten).toBeGreaterThan(0);
    expect(jsonBytesOf(done)).toBeLessThanOrEqual(EFFECTS_BYTES_MAX + 2);
    const { story } = undoing(run.and({ kind: "calledOff", by: "cancel" }));
    expect(resultIn(story).effectsForgotten).toBe(forgotten);
  });
});

test("what a person put in place of the model's arguments is what is undone", () => {
  const editedInput = { guests: 2 };
  const asked = called(given({ ...TERMS, policy: { book: "ask" } }), "book").askingPeople();
  const ruling = { verdict: "approved", by: "ann", reason: null, always: false } as const;
  const run = asked
    .and({ kind: "ruled", callId: "1.1", ruling: { ...ruling, editedInput } })
    .and(began("1.1"), found("1.1"));
  const [effect]: readonly Effect[] = run.memory().effects.done;
  expect(effect).toMatchObject({ callId: "1.1", answerRef: "answer_1.1", editedInput });
});
