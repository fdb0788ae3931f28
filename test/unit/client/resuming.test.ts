// V3: whatever a viewer misses, and wherever it resumes, what it holds in the end is the transcript.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compareEventIds, parseEventId } from "../../../src/client/event-id.ts";
import { createEventMapper, type EventMapper } from "../../../src/client/event-mapper.ts";
import type { Fact } from "../../../src/client/history-fact.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import type { DeltaRow } from "../../../src/store/deltas.ts";
import {
  callInput,
  factAt,
  INPUT,
  markRow,
  replied,
  RUN_ID,
  SNAPSHOT,
  T0_MS,
  textRow,
} from "../../support/run-facts.ts";

interface Attempt {
  readonly pieces: readonly string[];
  readonly ending: "failed" | "killed";
}

interface Call {
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
const call: fc.Arbitrary<Call> = fc
  .array(attempt, { minLength: 1, maxLength: 4 })
  .chain((attempts) =>
    fc.record({
      attempts: fc.constant(attempts),
      counts: fc.nat({ max: attempts.length - 1 }),
      denied: fc.boolean().map((denied) => denied && attempts.length > 2),
      messages: fc.nat({ max: 2 }),
    }),
  );

/** What happens around a viewer between two of its reads. */
const step = fc.record({
  rows: fc.nat({ max: 4 }),
  reconnectAfter: fc.option(fc.nat({ max: 3 }), { freq: 4, nil: null }),
});

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

const textOfAttempt = ({ attempts, counts }: Call): string =>
  attempts[counts]?.pieces.join("") ?? "";

function factsOf(calls: readonly Call[]): readonly Fact[] {
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
    const denial = {
      kind: "denied",
      limit: "cost",
      message: "",
      temporary: false,
      resetsAt: null,
      crashTaxMicroUsd: 0,
    } as const;
    const result = made.denied ? denial : replied(textOfAttempt(made), attempts);
    facts.push(factAt(scheduledId + 5, { kind: "callFinished", scheduledId, result }));
  }
  const failure = { code: "TERMINATED", message: "" };
  facts.push(factAt(1000, { kind: "broken", how: "terminated", failure }));
  return facts;
}

/** Reads as a careless viewer would: it trusts the stream and nothing else. */
class Viewer {
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

type RowTable = ReadonlyMap<string, readonly DeltaRow[]>;

class Connection {
  readonly #mapper: EventMapper;
  readonly #table: RowTable;
  readonly #read = new Map<string, number>();

  /** Rows may be read while the past is still being caught up with. */
  constructor(table: RowTable, past: readonly Fact[], viewer: Viewer) {
    const after = viewer.lastId;
    this.#table = table;
    this.#mapper = createEventMapper({
      runId: RUN_ID,
      link: null,
      after: after === null ? null : parseEventId(after),
      nowMs: () => T0_MS,
    });
    for (const fact of past) {
      for (const event of this.fact(fact)) viewer.see(event);
      for (const event of this.rows(2)) viewer.see(event);
    }
  }

  fact(fact: Fact): readonly RunEvent[] {
    return this.#mapper.fact(fact);
  }

  /** The next rows of what is in flight; those that were lost are never there. */
  rows(count: number): readonly RunEvent[] {
    return this.#mapper.inFlight().flatMap((activityId) => {
      const from = this.#read.get(activityId) ?? 0;
      this.#read.set(activityId, from + count);
      const rows = (this.#table.get(activityId) ?? []).slice(from, from + count);
      return [...this.#mapper.rows(activityId, rows)];
    });
  }
}

const DURABLE = (event: RunEvent): boolean =>
  !["reply.delta", "reply.withdrawn", "model.retrying"].includes(event.type);

/** What people say in mid-reply has an id that tells how much of the reply came before it. */
const named = ({ type, id }: RunEvent): string =>
  `${type} ${type === "message.received" ? parseEventId(id).historyEventId : id}`;

interface Life {
  readonly calls: readonly Call[];
  readonly steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[];
  readonly lost: readonly number[];
}

function live({ calls, steps, lost }: Life): Viewer {
  const facts = factsOf(calls);
  const table = new Map(
    calls.map((made, index) => {
      const activityId = String(index + 2);
      const rows = rowsOf(activityId, made).filter((_, at) => !lost.includes(at + index));
      return [activityId, rows];
    }),
  );
  const viewer = new Viewer();
  let connection = new Connection(table, [], viewer);
  let done: readonly Fact[] = [];
  let stepAt = 0;
  for (const fact of facts) {
    for (let reads = 0; reads < 4; reads += 1) {
      const { rows, reconnectAfter } = steps[stepAt++ % steps.length] ?? {
        rows: 1,
        reconnectAfter: null,
      };
      const events = connection.rows(rows);
      // A viewer that is cut off in the middle of a batch resumes behind what it had got of it.
      const got = reconnectAfter === null ? events : events.slice(0, reconnectAfter);
      for (const event of got) viewer.see(event);
      if (reconnectAfter !== null) connection = new Connection(table, done, viewer);
    }
    const { reconnectAfter } = steps[stepAt++ % steps.length] ?? { reconnectAfter: null };
    const events = connection.fact(fact);
    done = [...done, fact];
    const got = reconnectAfter === null ? events : events.slice(0, reconnectAfter);
    for (const event of got) viewer.see(event);
    if (reconnectAfter !== null) connection = new Connection(table, done, viewer);
  }
  return viewer;
}

const life: fc.Arbitrary<Life> = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 40 }),
  lost: fc.array(fc.nat({ max: 20 }), { maxLength: 6 }),
});

describe("a viewer", () => {
  test("E2, E3: holds exactly the transcript, however it was cut off and whatever rows were lost", () => {
    fc.assert(
      fc.property(life, (made) => {
        const viewer = live(made);
        const replies = made.calls.filter(({ denied }) => !denied).map(textOfAttempt);
        expect(viewer.transcript).toEqual(replies);
      }),
      { numRuns: 2000 },
    );
  });

  test("E1: sees ids that only grow, and every durable event once", () => {
    fc.assert(
      fc.property(life, (made) => {
        const { seen } = live(made);
        for (const [index, event] of seen.entries()) {
          const before = seen[index - 1];
          if (before === undefined) continue;
          expect(compareEventIds(parseEventId(before.id), parseEventId(event.id))).toBeLessThan(0);
        }
        const reference = live({ ...made, steps: [{ rows: 0, reconnectAfter: null }] }).seen;
        const durable = (events: readonly RunEvent[]) => events.filter(DURABLE).map(named);
        expect(durable(seen)).toEqual(durable(reference));
      }),
      { numRuns: 1000 },
    );
  });
});
