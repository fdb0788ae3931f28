// One ordered stream of a run's events out of two sources: its histories, which are the truth, and
// the rows of attempts in flight, which only make it smooth. What is told is decided in event-mapper.

import type { LoadedDataConverter } from "@temporalio/common";
import type { RunEvent } from "../domain/run-event.ts";
import type { DeltaRow } from "../store/deltas.ts";
import type { RunRecords } from "../store/run-records.ts";
import type { DeltaFeed, DeltaFollower } from "./delta-feed.ts";
import { recordedEvents, recordInstead } from "./recorded-run.ts";
import { parseEventId } from "./event-id.ts";
import { createEventMapper, type EventMapper } from "./event-mapper.ts";
import { createFactReader, type Told } from "./history-facts.ts";
import { executionAt } from "./history-chain.ts";
import { tailHistory, type Histories } from "./histories.ts";

export interface WatchSources {
  readonly histories: Histories;
  readonly converter: LoadedDataConverter;
  /** Null where there is no database: the text of a reply then comes at once, when it is whole. */
  readonly deltas: DeltaFeed | null;
  readonly records: RunRecords | null;
  readonly link: (runId: string) => string | null;
}

export interface WatchOptions {
  /** Id of the last event seen; the stream goes on behind it. */
  readonly after?: string;
  readonly signal?: AbortSignal;
  /** Told each time Temporal does not answer; the stream goes on by itself. */
  readonly onTrouble?: (error: unknown) => void;
}

/**
 * What a history gains within this time is read as one page: each page costs Temporal, and whoever watches,
 * a few ms. While something is in flight its end comes next, and may be a little late; between two calls
 * the next call comes, and its first word is not to wait for this.
 */
const GATHER_MS = { inFlight: 150, between: 25 } as const;

/** Ends with `run.ended`, or when the signal aborts. A run that Temporal has forgotten begins and ends. */
export async function* watchRun(
  sources: WatchSources,
  runId: string,
  options: WatchOptions = {},
): AsyncGenerator<RunEvent, void, undefined> {
  let { after } = options;
  try {
    for await (const event of watchHistories(sources, runId, options)) {
      after = event.id;
      yield event;
    }
  } catch (error) {
    yield* recordedEvents(await recordInstead(sources.records, runId, error), after);
  }
}

async function* watchHistories(
  sources: WatchSources,
  runId: string,
  options: WatchOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  let cursor = options.after === undefined ? null : parseEventId(options.after);
  const ordinal = cursor?.execution ?? 0;
  let executionId: string | null = await executionAt(sources, runId, ordinal);
  const leaving = new AbortController();
  const signals = options.signal === undefined ? [] : [options.signal];
  const signal = AbortSignal.any([leaving.signal, ...signals]);
  try {
    while (executionId !== null && !signal.aborted) {
      const link = sources.link(runId);
      const mapper = createEventMapper({ runId, link, after: cursor, nowMs: Date.now });
      const onTrouble = options.onTrouble ?? (() => {});
      const tail = tailHistory(sources.histories, {
        runId,
        executionId,
        wait: true,
        signal,
        onTrouble,
        gatherMs: () => GATHER_MS[mapper.inFlight().length > 0 ? "inFlight" : "between"],
      });
      const deltas: DeltaFollower | null = sources.deltas?.follow(executionId) ?? null;
      try {
        executionId = yield* follow({ sources, mapper, deltas }, tail);
      } finally {
        deltas?.close();
      }
      cursor = mapper.cursor();
    }
  } finally {
    leaving.abort();
  }
}

type Tail = ReturnType<typeof tailHistory>;

interface Following {
  readonly sources: WatchSources;
  readonly mapper: EventMapper;
  readonly deltas: DeltaFollower | null;
}

/** One history to its end; returns the id of the next one, or null where the run is over. */
async function* follow(
  { sources, mapper, deltas }: Following,
  tail: Tail,
): AsyncGenerator<RunEvent, string | null, undefined> {
  const reader = createFactReader(sources.converter);
  let next = tail.next();
  while (true) {
    const rows = deltas?.rows(mapper.inFlight(), mapper.awaitsWord()) ?? null;
    const arrived = rows === null ? await next : await Promise.race([next, rows]);
    if (isRows(arrived)) {
      deltas?.taken(arrived);
      for (const row of arrived) yield* mapper.rows(row.activityId, [row]);
      continue;
    }
    if (arrived.done === true) return null;
    for (const told of await reader.read(arrived.value)) {
      yield* mapper.fact(told);
      const end = endOf(told);
      if (end !== undefined) return end;
    }
    next = tail.next();
  }
}

function isRows(
  arrived: IteratorResult<unknown, void> | readonly DeltaRow[],
): arrived is readonly DeltaRow[] {
  return Array.isArray(arrived);
}

function endOf({ fact }: Told): string | null | undefined {
  if (fact.kind === "movedOn") return fact.nextExecutionId;
  return fact.kind === "ended" || fact.kind === "broken" ? null : undefined;
}
