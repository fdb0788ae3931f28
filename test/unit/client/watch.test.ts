import { describe, expect, test } from "@jest/globals";
import { loadDataConverter } from "@temporalio/common/lib/internal-non-workflow/index.js";
import type { Histories, HistoryQuery } from "../../../src/client/histories.ts";
import type { HistoryEvent } from "../../../src/temporal/payloads.ts";
import { createDeltaFeed } from "../../../src/client/delta-feed.ts";
import { watchRun, type WatchSources } from "../../../src/client/watch.ts";
import type { RunEvent } from "../../../src/domain/run-event.ts";
import { tellOn, UNTOLD } from "../../../src/client/told-run.ts";
import type { DeltaReader, DeltaRow } from "../../../src/store/deltas.ts";
import {
  completed,
  ended,
  eventAt,
  movedOn,
  scheduled,
  started,
} from "../../support/history-events.ts";
import {
  asked,
  callInput,
  INPUT,
  OPENED,
  OPENING,
  replied,
  RUN_ID,
  textRow,
  toldIn,
  typesOf,
} from "../../support/run-facts.ts";

const FIRST: readonly HistoryEvent[] = [
  eventAt(1, started(INPUT, { first: "first", own: "first" })),
  eventAt(5, scheduled("1", "openRun", INPUT)),
  eventAt(7, completed(5, OPENED)),
  eventAt(11, scheduled("2", "callModel", callInput(1))),
  eventAt(13, completed(11, replied("Hello"))),
  eventAt(20, movedOn("second")),
];
const RESUMED = toldIn([...OPENING, [11, asked(1)], [13, replied("Hello")]]).reduce(tellOn, UNTOLD);
const SECOND: readonly HistoryEvent[] = [
  eventAt(
    1,
    started(
      { ...INPUT, resumed: { ...RESUMED.state, execution: 1 } },
      { first: "first", own: "second", previous: "first" },
    ),
  ),
  eventAt(5, scheduled("1", "callModel", callInput(2))),
  eventAt(7, completed(5, replied("World"))),
  eventAt(9, ended({ type: "result", outcome: { kind: "answered" } })),
];

const unavailable = Object.assign(new Error("14 UNAVAILABLE: down"), {
  code: 14,
  details: "down",
  metadata: {},
});

/** Serves one event a page; before the pages named, it fails once as a restarting server does. */
function historiesThat(options: {
  readonly failBefore?: readonly number[];
  readonly hold?: Promise<unknown>;
}): Histories {
  const toFail = new Set(options.failBefore);
  return {
    fate: async (_runId, executionId) => ({ executionId, isOpen: false, replacedBy: null }),
    count: async () => 1,
    async page({ executionId, from, closeOnly, wait }: HistoryQuery) {
      const events = executionId === "first" ? FIRST : SECOND;
      if (closeOnly === true) return { events: events.slice(-1), next: null };
      const at = from?.[0] ?? 0;
      if (wait && toFail.delete(at)) throw unavailable;
      if (wait && executionId === "first" && at === 4) await options.hold;
      const next = at + 1 < events.length ? new Uint8Array([at + 1]) : null;
      return { events: events.slice(at, at + 1), next };
    },
  };
}

function sourcesOf(histories: Histories, deltas: DeltaReader | null = null): WatchSources {
  const feed = deltas === null ? null : createDeltaFeed(deltas);
  return {
    histories,
    converter: loadDataConverter(),
    deltas: feed,
    records: null,
    link: () => null,
  };
}

async function all(events: AsyncIterable<RunEvent>): Promise<readonly RunEvent[]> {
  const seen: RunEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

const STORY = [
  "run.started",
  "turn.started",
  "reply.delta",
  "reply.finished",
  "run.continued",
  "turn.started",
  "reply.delta",
  "reply.finished",
  "run.ended",
];

describe("watching", () => {
  test("follows a run from one history to the next, to its end", async () => {
    const events = await all(watchRun(sourcesOf(historiesThat({})), RUN_ID));
    expect(typesOf(events)).toEqual(STORY);
  });

  test("goes on behind any event, in whichever history it lies", async () => {
    const sources = sourcesOf(historiesThat({}));
    const events = await all(watchRun(sources, RUN_ID));
    for (const [index, { id }] of events.entries()) {
      const rest = await all(watchRun(sources, RUN_ID, { after: id }));
      expect(rest.map((event) => event.id)).toEqual(
        events.slice(index + 1).map((event) => event.id),
      );
    }
  });

  test("outlives a server that restarts, says so, and tells nothing twice", async () => {
    let troubles = 0;
    const sources = sourcesOf(historiesThat({ failBefore: [0, 2, 3] }));
    const onTrouble = (): void => void (troubles += 1);
    expect(typesOf(await all(watchRun(sources, RUN_ID, { onTrouble })))).toEqual(STORY);
    expect(troubles).toBe(3);
  });

  test("tells text while the call is under way, and goes on without the database when that fails", async () => {
    let release: (value: unknown) => void = () => {};
    const hold = new Promise((resolve) => {
      release = resolve;
    });
    const row = textRow("2", { attempt: 1, seq: 1, offset: 0 }, "Hel");
    const rows: DeltaRow[] = [{ ...row, executionId: "first" }];
    let reads = 0;
    const deltas: DeltaReader = {
      read: async () => [],
      async readMany(queries) {
        reads += 1;
        if (reads > 1) {
          release(null);
          throw new Error("the database is away");
        }
        return queries[0]?.activityId === "2" ? rows : [];
      },
    };
    const events = await all(watchRun(sourcesOf(historiesThat({ hold }), deltas), RUN_ID));
    expect(events.slice(2, 5)).toMatchObject([
      { type: "reply.delta", id: "0.11.1.3", text: "Hel" },
      { type: "reply.delta", id: "0.13.0.2", text: "lo" },
      { type: "reply.finished" },
    ]);
    expect(events.at(-1)?.type).toBe("run.ended");
  });

  test("reads what comes in steps: larger ones while a call is in flight", async () => {
    const startedAt = performance.now();
    expect(typesOf(await all(watchRun(sourcesOf(historiesThat({})), RUN_ID)))).toEqual(STORY);
    // A page an event: two of them come while a call is in flight, six between calls.
    expect(performance.now() - startedAt).toBeGreaterThan(2 * 150 + 6 * 25 - 20);
  });

  test("ends when its signal aborts", async () => {
    const leaving = new AbortController();
    const events: RunEvent[] = [];
    for await (const event of watchRun(sourcesOf(historiesThat({})), RUN_ID, {
      signal: leaving.signal,
    })) {
      events.push(event);
      leaving.abort();
    }
    expect(events.length).toBeLessThan(STORY.length);
  });

  test("refuses an event id of a history that the run does not have", async () => {
    const events = watchRun(sourcesOf(historiesThat({})), RUN_ID, { after: "7.1" });
    await expect(all(events)).rejects.toThrow(/no history number 7/);
  });
});
