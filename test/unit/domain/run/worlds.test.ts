// What holds of a run in any world (the numbers are those of the design note on the fold): thousands of random
// ones, each step performed with a random result, with people in between.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { jsonBytesOf } from "../../../../src/domain/json-size.ts";
import { inFreshHistory } from "../../../../src/domain/run/carried.ts";
import { limitsNow, modelCallsOf } from "../../../../src/domain/run/counts.ts";
import { decide } from "../../../../src/domain/run/decide.ts";
import { evolve } from "../../../../src/domain/run/evolve.ts";
import type { RunFact } from "../../../../src/domain/run/facts.ts";
import { saidIn } from "../../../../src/domain/run/mail.ts";
import { textOf } from "../../../../src/domain/message.ts";
import { endsInNote } from "../../../../src/domain/run/talk.ts";
import type { RunState } from "../../../../src/domain/run/state.ts";
import { propertyRuns } from "../../../support/tier.ts";
import { live, type Lived, type Terms } from "../../../support/run-worlds.ts";

const worlds = fc.array(fc.nat({ max: 999 }), { minLength: 20, maxLength: 260 });
const STEPS_MAX = 70;
/** Worlds in which something is likely to be undone. */
const CANCELLED_SOON: Partial<Terms> = {
  stepsMax: 6,
  snapshot: { policy: { write_file: "allow" } },
};

function inEveryWorld(holds: (lived: Lived) => void, terms: Partial<Terms> = {}): void {
  const runs = propertyRuns(400);
  fc.assert(
    fc.property(worlds, fc.constantFrom("stop" as const, "pause" as const), (choices, onLimit) => {
      holds(live(choices, { order: { onLimit }, stepsMax: STEPS_MAX, ...terms }));
    }),
    { numRuns: runs },
  );
}

const factKinds = (lived: Lived): readonly string[] => lived.facts.map(({ fact }) => fact.kind);

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}

describe("in every world", () => {
  test("1: evolve throws at no fact in any phase, and changes nothing in place", () => {
    const some: RunFact[] = [];
    inEveryWorld(({ facts }) => {
      for (const { fact } of facts) if (some.length < 300) some.push(frozen(fact));
      for (const { before } of facts.slice(-3)) {
        frozen(before);
        for (const fact of some) evolve(before, fact);
      }
    });
    expect(new Set(some.map(({ kind }) => kind)).size).toBeGreaterThan(12);
  });

  test("2 and 3: a state is its JSON, and decides the same after a move to a fresh history", () => {
    inEveryWorld(({ order, steps }) => {
      for (const { step, state, nowMs } of steps) {
        const copy: RunState = JSON.parse(JSON.stringify(state));
        expect(copy).toEqual(state);
        const carried = inFreshHistory(order, state)?.resumed;
        if (carried !== undefined) expect(decide(order, carried, nowMs)).toEqual(step);
      }
    });
  });

  test("Y3: what a run did that failed or was cancelled is undone once, the last first, and then it closes", () => {
    let undone = 0;
    inEveryWorld(({ facts, state }) => {
      const began = facts.flatMap(({ fact, before }) =>
        fact.kind === "compensationBegan" ? [{ callId: fact.callId, before }] : [],
      );
      undone += began.length;
      const ids = began.map(({ callId }) => callId);
      const { outcome } = endOf(facts);
      const isBad = outcome.kind === "failed" || outcome.kind === "cancelled";
      const done = state.memory?.effects.done.map(({ callId }) => callId) ?? [];
      expect(ids).toEqual(isBad ? done.toReversed() : []);
      const due = state.memory?.effects.done.filter(({ undo }) => undo.kind === "due") ?? [];
      expect(isBad ? due : []).toEqual([]);
    }, CANCELLED_SOON);
    expect(undone).toBeGreaterThan(0);
  });

  test("6: each call has one end before the next is asked", () => {
    inEveryWorld((lived) => {
      let open = false;
      for (const kind of factKinds(lived)) {
        if (kind === "asked") {
          expect(open).toBe(false);
          open = true;
        }
        if (["replied", "denied", "interrupted", "failed", "unserved"].includes(kind)) open = false;
      }
    });
  });

  test("7: each tool call begins once and has one answer, in order, and the limit on them holds", () => {
    inEveryWorld(({ facts, state }) => {
      for (const { fact, before } of facts) {
        const after = evolve(before, fact);
        if (before.phase.kind !== "answering" || after.phase.kind !== "ready") continue;
        const { entries } = after.memory?.talk ?? { entries: [] };
        expect(entries).toHaveLength(before.phase.calls.length);
        const known = before.phase.calls.flatMap((call) =>
          call.kind === "answered" ? [call.entry] : [],
        );
        expect(entries.filter((entry) => known.includes(entry))).toEqual(known);
      }
      const { memory } = state;
      if (memory !== null) {
        expect(memory.counts.toolCalls).toBeLessThanOrEqual(limitsNow(memory).toolCalls);
      }
    });
  });

  test("8: what was spent is the sum of what was charged, and the turns are those that came to something", () => {
    inEveryWorld(({ facts, state: { memory } }) => {
      if (memory === null) return;
      let spent = 0;
      let routed = 0;
      for (const { fact, before } of facts) {
        if (fact.kind === "replied") spent += fact.costMicroUsd;
        if ("crashTaxMicroUsd" in fact) spent += fact.crashTaxMicroUsd;
        const { phase } = before;
        const isRoute = phase.kind === "asking" && phase.call.purpose.kind === "route";
        if (isRoute && fact.kind !== "replied" && fact.kind !== "said") routed += 1;
      }
      expect(memory.counts.spentMicroUsd).toBe(spent);
      const extra = memory.counts.turn - modelCallsOf(memory.counts);
      expect(extra).toBeGreaterThanOrEqual(0);
      expect(extra).toBeLessThanOrEqual(routed + 1);
    });
  });

  test("9: a note of ours stands last, and never behind another", () => {
    inEveryWorld(({ facts }) => {
      for (const { fact, before } of facts) {
        if (fact.kind !== "asked") continue;
        const { entries } = fact.call;
        expect(endsInNote(entries.slice(0, -1))).toBe(false);
        if (endsInNote(entries)) expect(before.memory?.talk.endsWithNote).toBe(false);
      }
    });
  });

  test("10: messages are heard once and in order, and none is dropped", () => {
    inEveryWorld(({ facts, state }) => {
      const taken: string[] = [];
      const heard: string[] = [];
      for (const { fact, before } of facts) {
        if (fact.kind === "said" && !before.mail.ids.includes(fact.message.messageId)) {
          taken.push(fact.message.messageId);
        }
        if (fact.kind !== "asked" || fact.call.purpose.kind !== "work") continue;
        const known = saidIn(before.memory?.talk.entries ?? []).length;
        for (const entry of saidIn(fact.call.entries).slice(known)) {
          if ("message" in entry) heard.push(textOf(entry.message));
        }
      }
      const unread = state.mail.unread.map(({ messageId }) => messageId);
      expect([...heard, ...unread]).toEqual(taken);
    });
  });

  test("11: behind its end nothing is asked, unless it was answered and somebody spoke", () => {
    inEveryWorld(({ facts }) => {
      let outcome: string | null = null;
      for (const { fact } of facts) {
        if (fact.kind === "asked" && outcome !== null) expect(outcome).toBe("answered");
        if (fact.kind === "closing") outcome = fact.outcome.kind;
      }
    });
  });

  test("12: a run that is cancelled ends, and says so", () => {
    inEveryWorld(({ state, facts }) => {
      expect(state.phase.kind).toBe("closed");
      const cancelled = facts.some(({ fact }) => fact.kind === "calledOff" && fact.by === "cancel");
      if (cancelled && state.phase.kind === "closed") {
        expect(["cancelled", "answered", "stopped", "failed", "refused"]).toContain(
          state.phase.outcome.kind,
        );
      }
    });
  });

  test("13: what is carried stays small", () => {
    inEveryWorld(({ steps }) => {
      for (const { state } of steps) expect(jsonBytesOf(state)).toBeLessThan(60_000);
    });
  });
});

describe("H2: what people do and what comes back in one task commute", () => {
  const people: readonly RunFact[] = [
    { kind: "said", message: { messageId: "new", text: "hear me", mode: "queue", by: "ann" } },
    { kind: "said", message: { messageId: "new!", text: "stop", mode: "interrupt", by: "ann" } },
    { kind: "paused" },
    { kind: "resumed" },
    { kind: "lookedAgain" },
    { kind: "calledOff", by: "cancel" },
    { kind: "calledOff", by: "clock" },
  ];
  const results = [
    "opened",
    "replied",
    "denied",
    "interrupted",
    "failed",
    "submitted",
    "pending",
    "unserved",
    "toolEnded",
    "toolLost",
    "closed",
    "waited",
  ];

  test("5: whichever is folded first, the state is the same", () => {
    const seen = new Set<string>();
    inEveryWorld(({ facts }) => {
      for (const { fact, before } of facts) {
        if (!results.includes(fact.kind)) continue;
        for (const person of people) {
          seen.add(`${fact.kind} ${person.kind}`);
          const personFirst = evolve(evolve(before, person), fact);
          const resultFirst = evolve(evolve(before, fact), person);
          expect(personFirst).toEqual(resultFirst);
        }
      }
    });
    expect(seen.size).toBeGreaterThan(40);
  });
});

function endOf(facts: Lived["facts"]): Extract<RunFact, { kind: "closing" }> {
  const end = facts.map(({ fact }) => fact).findLast((fact) => fact.kind === "closing");
  if (end === undefined) throw new Error("a run that has not ended");
  return end;
}
