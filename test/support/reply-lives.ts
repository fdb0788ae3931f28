// Lives of a run as viewers may meet it: calls with attempts that fail, die or count, people who speak
// in between, and a viewer that trusts what it is told.

import { expect } from "@jest/globals";
import fc from "fast-check";
import type { Fact } from "../../src/client/history-fact.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { DeltaRow } from "../../src/store/deltas.ts";
import {
  callInput,
  denied,
  factAt,
  INPUT,
  markRow,
  replied,
  SNAPSHOT,
  textRow,
} from "./run-facts.ts";

interface Attempt {
  readonly pieces: readonly string[];
  readonly ending: "failed" | "killed";
}

export interface Call {
  readonly attempts: readonly Attempt[];
  /** Index of the attempt whose reply counts; later ones adopted it. */
  readonly counts: number;
  readonly denied: boolean;
  /** How often a person spoke while the call was under way. */
  readonly messages: number;
}

const attempt = fc.record({
  pieces: fc.array(fc.string({ minLength: 1, maxLength: 6, unit: "grapheme" }), { maxLength: 5 }),
  ending: fc.constantFrom("failed" as const, "killed" as const),
});
export const call: fc.Arbitrary<Call> = fc
  .array(attempt, { minLength: 1, maxLength: 4 })
  .chain((attempts) =>
    fc.record({
      attempts: fc.constant(attempts),
      counts: fc.nat({ max: attempts.length - 1 }),
      denied: fc.boolean().map((isDenied) => isDenied && attempts.length > 2),
      messages: fc.nat({ max: 2 }),
    }),
  );

export function rowsOf(activityId: string, { attempts }: Call): readonly DeltaRow[] {
  return attempts.flatMap(({ pieces, ending }, index) => {
    const number = index + 1;
    let offset = 0;
    let seq = 1;
    const rows = [markRow(activityId, { attempt: number, seq }, { kind: "started" })];
    for (const piece of pieces) {
      seq += 1;
      rows.push(textRow(activityId, { attempt: number, seq, offset }, piece));
      offset += piece.length;
    }
    if (ending === "killed") return rows;
    const mark = {
      kind: "failed",
      code: "PROVIDER_STREAM_CUT",
      message: "",
      nextAttemptAt: "2026-11-21T10:00:05Z",
    } as const;
    return [...rows, markRow(activityId, { attempt: number, seq: seq + 1 }, mark)];
  });
}

export const textOfAttempt = ({ attempts, counts }: Call): string =>
  attempts[counts]?.pieces.join("") ?? "";

export function factsOf(calls: readonly Call[]): readonly Fact[] {
  const opened = { snapshot: SNAPSHOT, head: "h", taskRef: "t" };
  const facts: Fact[] = [
    factAt(1, { kind: "started", input: INPUT }),
    factAt(7, { kind: "opened", result: opened }),
  ];
  for (const [index, made] of calls.entries()) {
    const scheduledId = 10 + index * 10;
    const activityId = String(index + 2);
    facts.push(
      factAt(scheduledId, { kind: "callScheduled", activityId, input: callInput(index + 1) }),
    );
    for (let n = 1; n <= made.messages; n += 1) {
      const message = {
        messageId: `${index}-${n}`,
        text: "and?",
        mode: "queue",
        by: "me",
      } as const;
      facts.push(factAt(scheduledId + n, { kind: "said", message }));
    }
    const attempts = { attempt: made.counts + 1, attempts: made.attempts.length };
    const denial = denied({ why: "cap", limit: "cost", resetsAt: null });
    const result = made.denied ? denial : replied(textOfAttempt(made), attempts);
    facts.push(factAt(scheduledId + 5, { kind: "callFinished", scheduledId, result }));
  }
  const failure = { code: "TERMINATED", message: "" };
  facts.push(factAt(1000, { kind: "broken", how: "terminated", failure }));
  return facts;
}

/** Reads as a careless viewer would: it trusts the stream and nothing else. */
export class TrustingViewer {
  readonly seen: RunEvent[] = [];
  readonly transcript: string[] = [];
  #text = "";

  see(event: RunEvent): void {
    this.seen.push(event);
    if (event.type === "reply.delta") this.#text += event.text;
    if (event.type === "reply.withdrawn") this.#text = "";
    if (event.type === "reply.finished") {
      expect(this.#text).toBe(event.text);
      this.transcript.push(this.#text);
      this.#text = "";
    }
    if (event.type === "run.ended") expect(this.#text).toBe("");
  }

  get lastId(): string | null {
    return this.seen.at(-1)?.id ?? null;
  }
}
