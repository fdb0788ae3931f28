// What a fresh history of a run begins with: the worst that may come together fits into one payload.

import { describe, expect, test } from "@jest/globals";
import { jsonBytesOf, newestFitting } from "../../../../src/domain/json-size.ts";
import type { Effect } from "../../../../src/domain/effect.ts";
import { EFFECTS_BYTES_MAX } from "../../../../src/domain/run/effects.ts";
import { CARRIED_BYTES_MAX, inFreshHistory } from "../../../../src/domain/run/carried.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { HEARD_BYTES_MAX, isFull, UNREAD_BYTES_MAX } from "../../../../src/domain/run/mail.ts";
import { MESSAGE_BYTES_MAX } from "../../../../src/domain/run/order.ts";
import { SETTLED_BYTES_MAX } from "../../../../src/domain/run/people.ts";
import { checkSize, SNAPSHOT_BYTES_MAX } from "../../../../src/domain/run/snapshot.ts";
import { SAID_BYTES_MAX } from "../../../../src/domain/run/summary.ts";
import { ANSWER_BYTES_MAX, FINDINGS_BYTES_MAX } from "../../../../src/domain/run/talk.ts";
import {
  calling,
  denied,
  ended,
  given,
  replied,
  ruled,
  said,
  SNAPSHOT,
  storyOf,
  submitted,
  textsIn,
  weighing,
  type Story,
} from "../../../support/run-story.ts";

const KIB = 1024;
const TASK_KIB = 512;

/** As src/domain/run/carried.ts says; what is not named there is `rest`. */
const PARTS_KIB = {
  task: TASK_KIB,
  answer: ANSWER_BYTES_MAX / KIB,
  snapshot: SNAPSHOT_BYTES_MAX / KIB,
  unread: 256,
  entries: 144,
  entriesInLane: 144,
  said: SAID_BYTES_MAX / KIB,
  ids: 44,
  findings: FINDINGS_BYTES_MAX / KIB,
  models: 16,
  settled: SETTLED_BYTES_MAX / KIB,
  effects: 40,
  rest: 16,
};
type Part = keyof typeof PARTS_KIB;

function partsOf({ order, state }: Story): Record<Part, unknown> {
  const { memory, mail, phase } = state;
  if (memory === null) throw new Error("the run has not been opened");
  const { talk, models, people, summaries, snapshot, counts, warnings, effects } = memory;
  const { task, ...ordered } = order;
  const { answer, findings, entries, ...talked } = talk;
  const call = phase.kind === "inLane" ? phase.call : null;
  const around = { ...phase, call: { ...call, entries: [], course: null } };
  const { said: heard, ...summary } = summaries;
  return {
    ...{ task, answer, snapshot, findings, entries, said: heard },
    ...{ unread: mail.unread, ids: mail.ids, settled: people.settled, effects },
    entriesInLane: call?.entries ?? [],
    models: [models, call?.course],
    rest: [ordered, talked, around, summary, counts, warnings, people.always, state.wait],
  };
}

const padded = (kib: number): string => "x".repeat(kib * KIB);
const letters = (count: number): string => "語".repeat(count);
/** As long as a client lets a message be. */
const longMessage = (id: string): RunFact => said("x".repeat(MESSAGE_BYTES_MAX), "queue", id);

/** Each of its parts is as large as it may become; what is too much of any of them was cut or not taken. */
function atWorst(): Story {
  const instructions = padded(SNAPSHOT_BYTES_MAX / KIB - 2);
  const limits = { ...SNAPSHOT.limits, toolCalls: 1000 };
  const batchLane = { firstLookMs: 1000, canWaitForMs: null };
  const terms = { instructions, limits, batchLane, compactAtTokens: 35_000 };
  const opened = given(terms, { task: padded(TASK_KIB) });
  checkSize(opened.memory().snapshot);
  return inLane(changed(acted(summed(listened(decided(spoke(opened)))))));
}

/** In a batch, as all of its calls are made. */
const asking = (run: Story, result: RunFact): Story =>
  run.asking(submitted(run.nowMs)).waiting().looking(result);

/** What the model says is more than a result can be. */
function spoke(run: Story): Story {
  const reply = weighing(2000, calling("nothing"));
  const content = [{ type: "text", text: padded(600) }, ...reply.message.content];
  return asking(run, { ...reply, message: { role: "assistant", content } });
}

/** People decide calls, more than can be remembered. */
function decided(run: Story): Story {
  const reply = calling(...Array.from({ length: 300 }, () => "write_file"));
  const asked = asking(run, reply).askingPeople();
  const ids = reply.toolCalls.map(({ callId }) => callId);
  return asked.and(...ids.map((callId) => ruled(callId, { verdict: "denied" })));
}

/** People say much, with long ids, and the model reads it. */
function listened(run: Story): Story {
  const chats = Array.from({ length: 400 }, (_, n) => said("x", "queue", `${n}`.padEnd(128, "i")));
  const texts = ["a", "b"].map((id) => said(letters(8000), "queue", id));
  const first = asking(run.and(...chats), calling("nothing"));
  return asking(first.and(...texts), calling("nothing"));
}

/** Tools answer at length, or are lost in many words, and all is summed up before the model reads it. */
function summed(run: Story): Story {
  const many = Array.from({ length: 40 }, () => "calculator");
  const asked = asking(run, weighing(40_000, calling(...many)));
  const answers = asked.calls().map(({ callId }, n): RunFact => {
    if (n >= 14) return ended(callId, "f".repeat(2000));
    return { kind: "toolLost", callId, code: "X", message: padded(9) };
  });
  return asking(asked.and(...answers), replied("All is well."));
}

/** Its tools did more than can be remembered, and none of it could be undone. */
function acted(run: Story): Story {
  const { replyRef, answerRef } = { replyRef: "r".repeat(64), answerRef: "a".repeat(64) };
  const tool = "t".repeat(24);
  const effects = Array.from({ length: 200 }, (_, n): Effect => {
    return { callId: `9.${n}`, turn: 9, tool, replyRef, answerRef, undo: { kind: "due" } };
  });
  const done = newestFitting(effects, EFFECTS_BYTES_MAX);
  const failed = done.map(({ callId }): RunFact => {
    return { kind: "compensated", callId, undo: { kind: "failed", message: padded(1) } };
  });
  const { memory } = run.state;
  if (memory === null) throw new Error("the run has not been opened");
  const did = { ...run.state, memory: { ...memory, effects: { done, forgotten: 9 } } };
  return storyOf(run.order, did, run.nowMs).and(...failed);
}

/** The model has changed so often that nearly every reply has another author. */
function changed({ order, state, nowMs }: Story): Story {
  if (state.memory === null) throw new Error("the run has not been opened");
  const { models } = state.memory;
  const authors = Array.from({ length: 170 }, (_, n) => ({
    model: `claude-model-${n}`,
    replies: 1,
  }));
  return storyOf(
    order,
    { ...state, memory: { ...state.memory, models: { ...models, authors } } },
    nowMs,
  );
}

/** The next call is in the lane, with all that fits; and people go on. */
function inLane(run: Story): Story {
  const more = Array.from({ length: 20 }, (_, n) => longMessage(`more${n}`));
  const second = said("x".repeat(HEARD_BYTES_MAX - 33 * KIB), "queue", "second");
  const waits = run.and(longMessage("first"), second).asking(submitted(run.nowMs));
  return more.reduce(
    (story, message) => (isFull(story.state.mail) ? story : story.and(message)),
    waits,
  );
}

describe("at its worst", () => {
  const run = atWorst();
  const parts = partsOf(run);

  test("the parts together fit into a payload", () => {
    const sum = Object.values(PARTS_KIB).reduce((all, kib) => all + kib, 0);
    expect(sum * KIB).toBeLessThanOrEqual(CARRIED_BYTES_MAX);
  });

  test.each(Object.entries(PARTS_KIB))("%s is at most %i KiB", (name, kib) => {
    const bytes = jsonBytesOf(parts[name as Part]) - 2;
    expect(bytes).toBeLessThanOrEqual(kib * KIB);
    // Else this would say nothing of the worst.
    if (name !== "rest") expect(bytes).toBeGreaterThan(kib * KIB * 0.75);
  });

  test("the run moves, and what it remembers is all there", () => {
    const input = inFreshHistory(run.order, run.state);
    expect(input?.resumed).toEqual({ ...run.state, execution: 1 });
    expect(jsonBytesOf(input)).toBeLessThanOrEqual(CARRIED_BYTES_MAX);
    expect(jsonBytesOf(input)).toBeGreaterThan(CARRIED_BYTES_MAX * 0.85);
  });

  test("people are asked to wait before more was said than fits", () => {
    expect(isFull(run.state.mail)).toBe(true);
    expect(jsonBytesOf(run.state.mail.unread)).toBeLessThan(UNREAD_BYTES_MAX + 40 * KIB);
  });
});

describe("an agent that is too large", () => {
  test("is not opened, and it is said what to do", () => {
    const snapshot = { ...SNAPSHOT, instructions: padded(SNAPSHOT_BYTES_MAX / KIB) };
    expect(() => checkSize(SNAPSHOT)).not.toThrow();
    expect(() => checkSize(snapshot)).toThrow(
      expect.objectContaining({
        code: "AGENT_TOO_LARGE",
        message: expect.stringMatching(
          /^The agent research.* has \d+ bytes; 262144 are possible\.$/,
        ),
      }),
    );
  });
});

describe("more than fits", () => {
  const texts = Array.from({ length: 40 }, (_, n) => `${n} `.padEnd(50_000, "x"));

  test("was said past the client: the run stays until the model has heard enough, and nothing is lost", () => {
    let run = given().and(...texts.map((text) => said(text)));
    const heard: string[] = [];
    expect(inFreshHistory(run.order, run.state)).toBeNull();
    for (let turn = 0; inFreshHistory(run.order, run.state) === null; turn += 1) {
      if (turn > texts.length) throw new Error("it never moves");
      heard.push(...textsIn(run.call()).slice(turn === 0 ? 1 : 0));
      run = run.asking(replied("go on"));
    }
    const unread = run.state.mail.unread.map(({ text }) => text);
    expect(heard.length).toBeGreaterThan(0);
    expect([...heard, ...unread]).toEqual(texts);
  });

  test("was refused of one reply: the model reads it first", () => {
    const names = Array.from({ length: 12_000 }, () => "made_up");
    const run = given().asking(calling(...names));
    expect(inFreshHistory(run.order, run.state)).toBeNull();
    const read = run.asking(calling("nothing"));
    expect(inFreshHistory(read.order, read.state)).not.toBeNull();
  });
});

describe("a run moves between two steps, and in a wait", () => {
  const holds = denied({ why: "holds", limit: "tenant_day" });
  const stopping = () => {
    const spent = { ...calling("nothing"), costMicroUsd: 1_000_000 };
    return given({ wrapUp: true }).asking(spent).asking(holds);
  };
  const batchLane = { firstLookMs: 1000, canWaitForMs: null };

  test.each<[string, Story, boolean]>([
    ["between two steps", given(), true],
    ["while it waits", given().asking(holds).standing(), true],
    ["while it is paused", given().and({ kind: "paused" }), true],
    ["while it stops", stopping(), true],
    ["while a batch is under way", given({ batchLane }).asking(submitted(0)), true],
    ["not while a model is asked", given().and(askedIn(given())), false],
    ["not while tools are under way", given().asking(calling("calculator")), false],
    ["not while it closes its books", closing(), false],
  ])("%s", (_, { order, state }, moves) => {
    expect(inFreshHistory(order, state) !== null).toBe(moves);
  });
});

function askedIn(run: Story): RunFact {
  return { kind: "asked", call: run.call() };
}

function closing(): Story {
  return given()
    .asking(replied("54.4"))
    .and({ kind: "closing", outcome: { kind: "answered" }, durationMs: 1 });
}
