// One ordered stream of a run's events out of two sources: its histories, which are the truth, and
// the rows of attempts in flight, which only make it smooth. What is told is decided in event-mapper.

import type { LoadedDataConverter } from "@temporalio/common";
import type { RunEvent } from "../domain/run-event.ts";
import type { DeltaRow } from "../store/deltas.ts";
import type { RunRecords } from "../store/run-records.ts";
import type { DeltaFeed, DeltaFollower } from "./delta-feed.ts";
import { recordedEvents, recordInstead } from "./recorded-run.ts";
import { parseEventId, type EventId } from "./event-id.ts";
import { createEventMapper, type EventMapper } from "./event-mapper.ts";
import { createFactReader, type Told } from "./history-facts.ts";
import { executionAt, takenOverUpTo } from "./history-chain.ts";
import { fateOf, tailHistory, type Histories } from "./histories.ts";

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
  let place = cursor?.execution ?? 0;
  let executionId: string | null = await executionAt(sources, runId, place);
  const leaving = new AbortController();
  const signals = options.signal === undefined ? [] : [options.signal];
  const signal = AbortSignal.any([leaving.signal, ...signals]);
  try {
    while (executionId !== null && !signal.aborted) {
      const link = sources.link(runId);
      const told = { runId, link, execution: place, after: cursor, nowMs: Date.now };
      const mapper = createEventMapper(told);
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
        const following: Following = { sources, runId, executionId, mapper, deltas };
        const next: Next | null = yield* follow(following, tail);
        place += 1;
        cursor = await cursorIn(following, next, place);
        executionId = next?.executionId ?? null;
      } finally {
        deltas?.close();
      }
    }
  } finally {
    leaving.abort();
  }
}

type Tail = ReturnType<typeof tailHistory>;

interface Next {
  readonly executionId: string;
  readonly isReset: boolean;
}

/** What a history has from the one whose place it took has been told. */
async function cursorIn(
  { sources: { histories }, runId, mapper }: Following,
  next: Next | null,
  execution: number,
): Promise<EventId | null> {
  if (next?.isReset !== true) return mapper.cursor();
  const historyEventId = await takenOverUpTo(histories, runId, next.executionId);
  return { execution, historyEventId, attempt: 0, offset: 0 };
}

interface Following {
  readonly sources: WatchSources;
  readonly runId: string;
  readonly executionId: string;
  readonly mapper: EventMapper;
  readonly deltas: DeltaFollower | null;
}

/** One history to its end; returns the next one, or null where the run is over. */
async function* follow(
  following: Following,
  tail: Tail,
): AsyncGenerator<RunEvent, Next | null, undefined> {
  const { sources, mapper, deltas } = following;
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
    for (const read of await reader.read(arrived.value)) {
      const told = isEnd(read) ? await unlessReplaced(following, read) : read;
      yield* mapper.fact(told);
      const { fact } = told;
      if (fact.kind === "movedOn" || fact.kind === "replaced") {
        return { executionId: fact.nextExecutionId, isReset: fact.kind === "replaced" };
      }
      if (isEnd(told)) return null;
    }
    next = tail.next();
  }
}

function isRows(
  arrived: IteratorResult<unknown, void> | readonly DeltaRow[],
): arrived is readonly DeltaRow[] {
  return Array.isArray(arrived);
}

function isEnd({ fact }: Told): boolean {
  return fact.kind === "ended" || fact.kind === "broken";
}

/** A history that was reset has an end like any other, and is not the end of the run. */
async function unlessReplaced(
  { sources: { histories }, runId, executionId }: Following,
  told: Told,
): Promise<Told> {
  const { replacedBy } = await fateOf(histories, { runId, executionId });
  if (replacedBy === null) return told;
  return { ...told, fact: { kind: "replaced", nextExecutionId: replacedBy } };
}
