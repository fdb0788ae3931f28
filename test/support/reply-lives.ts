// Lives of a run as viewers may meet it: calls with attempts that fail, die or count, transcripts that are lost,
// waits before a call, people who speak or let the run go on in between, and a viewer that trusts what it is told.

import { expect } from "@jest/globals";
import fc from "fast-check";
import type { Told } from "../../src/client/history-facts.ts";
import type { CallResult } from "../../src/domain/call.ts";
import type { RunEvent } from "../../src/domain/run-event.ts";
import type { DeltaRow } from "../../src/store/deltas.ts";
import {
  asked,
  denied,
  markRow,
  OPENING,
  replied,
  TERMINATED,
  textRow,
  toldAt,
  toldIn,
  waits,
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
  /** How often a person spoke while the call was under way, and behind it. */
  readonly messages: number;
  readonly messagesBehind: number;
  /** Before the call; at a budget a person lets the run go on while the call is already under way. */
  readonly waits: "capacity" | "budget" | null;
  /** The store had lost the transcript, so the same was asked once more. */
  readonly isAskedAgain: boolean;
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
      messagesBehind: fc.nat({ max: 1 }),
      waits: fc.constantFrom("capacity" as const, "budget" as const, null),
      isAskedAgain: fc.boolean(),
    }),
  );

export type RowTable = ReadonlyMap<string, readonly DeltaRow[]>;

/** By activity: all that the workers wrote, but for the rows that were lost. */
export function tableOf(calls: readonly Call[], lost: readonly number[] = []): RowTable {
  const rows = calls.flatMap((made, index) =>
    [activityOf(index), firstActivityOf(index)].map((activityId) => {
      const kept = rowsOf(activityId, made).filter((_, at) => !lost.includes(at + index));
      return [activityId, kept] as const;
    }),
  );
  return new Map(rows);
}

function activityOf(index: number): string {
  return String(index + 2);
}

/** Of a call that is asked again. */
function firstActivityOf(index: number): string {
  return `${activityOf(index)}a`;
}

function rowsOf(activityId: string, { attempts }: Call): readonly DeltaRow[] {
  return attempts.flatMap(({ pieces, ending }, index) => {
    const number = index + 1;
    let offset = 0;
    let seq = 1;
    const rows = [markRow(activityId, { attempt: number, seq }, { kind: "started" })];
    for (const piece of pieces) {
      seq += 1;
      rows.push(textRow(activityId, { attempt: number, seq, offset }, piece));
      offset += piece.length;
      if (piece.length % 2 === 0) continue;
      seq += 1;
      const writing = { tool: "write_file", chars: offset, charsOfAll: offset };
      rows.push(markRow(activityId, { attempt: number, seq }, { kind: "writing", writing }));
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

export function historyOf(calls: readonly Call[]): readonly Told[] {
  return [
    ...toldIn(OPENING),
    ...calls.flatMap((made, index) => historyOfCall(made, index)),
    toldAt(1000, TERMINATED),
  ];
}

function historyOfCall(made: Call, index: number): readonly Told[] {
  const at = 20 + index * 20;
  const asking = asked(index + 1);
  const end = at + 15;
  const first = made.isAskedAgain ? firstActivityOf(index) : activityOf(index);
  return [
    ...(made.waits === null ? [] : [toldAt(at - 1, waits({ reason: made.waits }))]),
    toldAt(at, asking, { activityId: first }),
    ...said(made.messages, `${index}`, at + 1),
    ...(made.waits === "budget" ? [toldAt(at + 5, { kind: "resumed" })] : []),
    ...(made.isAskedAgain ? [toldAt(at + 10, asking, { activityId: activityOf(index) })] : []),
    toldAt(end, resultOf(made)),
    ...said(made.messagesBehind, `${index}-behind`, end + 1),
  ];
}

function said(times: number, by: string, from: number): readonly Told[] {
  return Array.from({ length: times }, (_, n) => {
    const message = { messageId: `${by}-${n}`, text: "and?", mode: "queue", by } as const;
    return toldAt(from + n, { kind: "said", message });
  });
}

function resultOf(made: Call): CallResult {
  if (made.denied) return denied({ why: "cap", limit: "cost", resetsAt: null });
  const { counts, attempts } = made;
  return replied(textOfAttempt(made), { attempt: counts + 1, attempts: attempts.length });
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
