// S1: a viewer that is passed from gateway to gateway, each of which has read the same run at other
// moments, holds the transcript.

import { PassThrough } from "node:stream";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createEventMapper, type EventMapper } from "../../../src/client/event-mapper.ts";
import { compareEventIds, parseEventId, type EventId } from "../../../src/client/event-id.ts";
import type { Told } from "../../../src/client/history-facts.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { createEventLog, type EventLog } from "../../../src/gateway/event-log.ts";
import { eventOf, frameOf } from "../../../src/gateway/frames.ts";
import { Viewer } from "../../../src/gateway/viewer.ts";
import {
  call,
  historyOf,
  tableOf,
  textOfAttempt,
  TrustingViewer,
  type Call,
  type RowTable,
} from "../../support/reply-lives.ts";
import { RUN_ID, T0_MS } from "../../support/run-facts.ts";
import { propertyRuns } from "../../support/tier.ts";

function mapperAfter(after: EventId | null): EventMapper {
  return createEventMapper({ runId: RUN_ID, link: null, execution: 0, after, nowMs: () => T0_MS });
}

/** One gateway's reading of the run: it sees facts when it likes, and some of the rows before each. */
class Reading {
  readonly log: EventLog = createEventLog({ bytesMax: Number.MAX_SAFE_INTEGER });
  readonly history: readonly Told[];
  readonly table: RowTable;
  readonly #mapper = mapperAfter(null);
  readonly #read = new Map<string, number>();
  #facts = 0;

  constructor(history: readonly Told[], table: RowTable) {
    this.history = history;
    this.table = table;
  }

  rows(count: number): void {
    for (const activityId of this.#mapper.inFlight()) {
      const from = this.#read.get(activityId) ?? 0;
      this.#read.set(activityId, from + count);
      const rows = (this.table.get(activityId) ?? []).slice(from, from + count);
      for (const event of this.#mapper.rows(activityId, rows)) this.log.append(event);
    }
  }

  fact(): void {
    const told = this.history[this.#facts];
    if (told === undefined) return;
    this.#facts += 1;
    for (const event of this.#mapper.fact(told)) this.log.append(event);
  }
}

/** What a connection to this gateway writes, up to so many events; null where it would read the history. */
function shown(log: EventLog, after: EventId | null, eventsMax: number): RunEvent[] | null {
  const socket = new PassThrough({ highWaterMark: 1 << 26 });
  const response = socket as unknown as ServerResponse;
  let isLost = false;
  const viewer = Viewer.open(log, response, {
    after,
    stallMs: 1000,
    onLost: () => {
      isLost = true;
    },
  });
  viewer?.pump();
  if (viewer === null || isLost) return null;
  const text = String(socket.read() ?? "");
  socket.destroy();
  const frames = text.split("\n\n").filter((frame) => frame !== "");
  return frames.map((frame) => eventOf({ bytes: Buffer.from(`${frame}\n\n`) })).slice(0, eventsMax);
}

/** From the history itself, with no rows: exact wherever the viewer left. */
function fromHistory(history: readonly Told[], after: EventId | null): RunEvent[] {
  const mapper = mapperAfter(after);
  return history.flatMap((told) => [...mapper.fact(told)]);
}

const step = fc.record({
  gateway: fc.nat({ max: 2 }),
  rows: fc.nat({ max: 5 }),
  facts: fc.nat({ max: 2 }),
  stays: fc.nat({ max: 4 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Life {
  readonly calls: readonly Call[];
  readonly steps: readonly Step[];
  readonly lost: readonly number[];
}

const life: fc.Arbitrary<Life> = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 3 }),
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  lost: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
});

function live({ calls, steps, lost }: Life): TrustingViewer {
  const history = historyOf(calls);
  const table = tableOf(calls, lost);
  const gateways = [0, 1, 2].map(() => new Reading(history, table));
  const viewer = new TrustingViewer();
  const place = (): EventId | null => (viewer.lastId === null ? null : parseEventId(viewer.lastId));
  for (const { gateway, rows, facts: count, stays } of steps) {
    const reading = gateways[gateway];
    if (reading === undefined) continue;
    reading.rows(rows);
    for (let n = 0; n < count; n += 1) reading.fact();
    for (const event of shown(reading.log, place(), stays) ?? []) viewer.see(event);
  }
  const last = gateways[0] ?? new Reading(history, table);
  for (let n = 0; n < history.length; n += 1) {
    last.rows(3);
    last.fact();
  }
  const rest = shown(last.log, place(), Infinity);
  for (const event of rest ?? fromHistory(history, place())) viewer.see(event);
  return viewer;
}

describe("a viewer that is passed from gateway to gateway", () => {
  test("S1: holds exactly the transcript, and sees ids that only grow", () => {
    fc.assert(
      fc.property(life, (made) => {
        const viewer = live(made);
        const replies = made.calls.filter(({ denied }) => !denied).map(textOfAttempt);
        expect(viewer.transcript).toEqual(replies);
        const ids = viewer.seen.map(({ id }) => parseEventId(id));
        for (const [index, id] of ids.entries()) {
          const before = ids[index - 1];
          if (before !== undefined) expect(compareEventIds(before, id)).toBeLessThan(0);
        }
        const messages = viewer.seen.flatMap((event) =>
          event.type === "message.received" ? [event.messageId] : [],
        );
        const sent = made.calls.flatMap(({ messages: n, messagesBehind: m }) => [n, m]);
        expect(messages).toHaveLength(sent.reduce((sum, count) => sum + count, 0));
      }),
      { numRuns: propertyRuns(1000) },
    );
  }, 180_000);

  test("frames hold their event", () => {
    const [event] = fromHistory(historyOf([]), null);
    if (event === undefined) throw new Error("no event");
    expect(eventOf(frameOf(event))).toEqual(event);
  });
});
