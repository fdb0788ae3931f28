// V3: whatever a viewer misses, and wherever it resumes, what it holds in the end is the transcript.

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { compareEventIds, parseEventId } from "../../../src/client/event-id.ts";
import { createEventMapper, type EventMapper } from "../../../src/client/event-mapper.ts";
import type { Told } from "../../../src/client/history-facts.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { RUN_ID, T0_MS } from "../../support/run-facts.ts";
import {
  call,
  historyOf,
  tableOf,
  textOfAttempt,
  TrustingViewer,
  type Call,
  type RowTable,
} from "../../support/reply-lives.ts";
import { propertyRuns } from "../../support/tier.ts";

/** What happens around a viewer between two of its reads. */
const step = fc.record({
  rows: fc.nat({ max: 4 }),
  reconnectAfter: fc.option(fc.nat({ max: 3 }), { freq: 4, nil: null }),
});

class Connection {
  readonly #mapper: EventMapper;
  readonly #table: RowTable;
  readonly #read = new Map<string, number>();

  /** Rows may be read while the past is still being caught up with. */
  constructor(table: RowTable, past: readonly Told[], viewer: TrustingViewer) {
    const after = viewer.lastId;
    this.#table = table;
    this.#mapper = createEventMapper({
      runId: RUN_ID,
      link: null,
      execution: 0,
      after: after === null ? null : parseEventId(after),
      nowMs: () => T0_MS,
    });
    for (const told of past) {
      for (const event of this.fact(told)) viewer.see(event);
      for (const event of this.rows(2)) viewer.see(event);
    }
  }

  fact(told: Told): readonly RunEvent[] {
    return this.#mapper.fact(told);
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
  !["reply.delta", "reply.progress", "reply.withdrawn", "model.retrying"].includes(event.type);

/** What people do in mid-reply has an id that tells how much of the reply came before it. */
const named = ({ type, id }: RunEvent): string => {
  const isBeside = type === "message.received" || type === "run.continued";
  return `${type} ${isBeside ? parseEventId(id).historyEventId : id}`;
};

interface Life {
  readonly calls: readonly Call[];
  readonly steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[];
  readonly lost: readonly number[];
}

function live({ calls, steps, lost }: Life): TrustingViewer {
  const history = historyOf(calls);
  const table = tableOf(calls, lost);
  const viewer = new TrustingViewer();
  let connection = new Connection(table, [], viewer);
  let done: readonly Told[] = [];
  let stepAt = 0;
  for (const told of history) {
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
    const events = connection.fact(told);
    done = [...done, told];
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
      { numRuns: propertyRuns(2000) },
    );
  }, 180_000);

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
      { numRuns: propertyRuns(1000) },
    );
  }, 180_000);
});
