// Rows of attempts in flight, for all runs that this process watches: one statement reads for all of
// them, one is under way at a time, and there is none while nobody waits for anything. A person waits for
// the first word of a reply; what follows it may come in larger steps.

import { setTimeout as delay } from "node:timers/promises";
import {
  DELTAS_FROM_START,
  type DeltaCursor,
  type DeltaQuery,
  type DeltaReader,
  type DeltaRow,
} from "../store/deltas.ts";

export interface DeltaFeed {
  follow(executionId: string): DeltaFollower;
}

/** What is new of one history's attempts, for one watcher. */
export interface DeltaFollower {
  /**
   * Resolves when there are rows of these activities that have not been taken; the same promise until
   * they are. Null where nothing is in flight that could write any. `awaitsWord`: of a reply among them
   * nothing is told yet.
   */
  rows(activityIds: readonly string[], awaitsWord?: boolean): Promise<readonly DeltaRow[]> | null;
  taken(rows: readonly DeltaRow[]): void;
  close(): void;
}

/** Half of it is added to the age of the first word … */
const FIRST_WORD_MS = 25;
/** … and half of this to the age of all others. */
const STEP_MS = 100;
/** Who has waited so long for the first word does not see that it is a little older. */
const FIRST_WORD_WITHIN_MS = 5000;
/** After a failed read: a database that is away must not be hammered. */
const POLL_AGAIN_MS = 1000;

export function createDeltaFeed(reader: DeltaReader): DeltaFeed {
  const followers = new Set<Follower>();
  let isPolling = false;

  async function poll(): Promise<void> {
    if (isPolling) return;
    isPolling = true;
    let stepAt = -Infinity;
    while (merged(followers).length > 0) {
      const startedAt = performance.now();
      const isStep = startedAt - stepAt >= STEP_MS;
      if (isStep) stepAt = startedAt;
      const queries = isStep ? merged(followers) : merged(hurried(followers, startedAt));
      const rows = queries.length === 0 ? [] : await reader.readMany(queries).catch(() => null);
      if (rows !== null && rows.length > 0) for (const each of followers) each.offer(rows);
      // A slow database gets more time for others than it spends on this.
      const tookMs = performance.now() - startedAt;
      const pauseMs = rows === null ? POLL_AGAIN_MS : Math.max(FIRST_WORD_MS, tookMs);
      await delay(pauseMs, undefined, { ref: false });
    }
    isPolling = false;
  }

  return {
    follow(executionId) {
      const follower: Follower = new Follower(executionId, {
        onWaiting: () => void poll(),
        onClosed: () => followers.delete(follower),
      });
      followers.add(follower);
      return follower;
    },
  };
}

interface FollowerEvents {
  readonly onWaiting: () => void;
  readonly onClosed: () => void;
}

class Follower implements DeltaFollower {
  readonly #executionId: string;
  readonly #events: FollowerEvents;
  readonly #cursors = new Map<string, DeltaCursor>();
  #activityIds: readonly string[] = [];
  /** Null where no first word is waited for. */
  #awaitsWordSince: number | null = null;
  #promise: Promise<readonly DeltaRow[]> | null = null;
  /** Null where nobody waits, or what there was has not been taken. */
  #resolve: ((rows: readonly DeltaRow[]) => void) | null = null;

  constructor(executionId: string, events: FollowerEvents) {
    this.#executionId = executionId;
    this.#events = events;
  }

  rows(activityIds: readonly string[], awaitsWord = false): Promise<readonly DeltaRow[]> | null {
    this.#activityIds = activityIds;
    this.#awaitsWordSince = awaitsWord ? (this.#awaitsWordSince ?? performance.now()) : null;
    if (activityIds.length === 0) return this.#promise;
    this.#promise ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#events.onWaiting();
    return this.#promise;
  }

  taken(rows: readonly DeltaRow[]): void {
    this.#promise = null;
    for (const { activityId, attempt, seq } of rows)
      this.#cursors.set(activityId, { attempt, seq });
  }

  close(): void {
    this.#resolve = null;
    this.#events.onClosed();
  }

  isHurried(nowMs: number): boolean {
    const since = this.#awaitsWordSince;
    return since !== null && nowMs - since < FIRST_WORD_WITHIN_MS;
  }

  get queries(): readonly DeltaQuery[] {
    if (this.#resolve === null) return [];
    return this.#activityIds.map((activityId) => ({
      executionId: this.#executionId,
      activityId,
      after: this.#cursors.get(activityId) ?? DELTAS_FROM_START,
    }));
  }

  offer(rows: readonly DeltaRow[]): void {
    if (this.#resolve === null) return;
    const mine = rows.filter(
      (row) =>
        row.executionId === this.#executionId &&
        this.#activityIds.includes(row.activityId) &&
        isBehind(row, this.#cursors.get(row.activityId) ?? DELTAS_FROM_START),
    );
    if (mine.length === 0) return;
    this.#resolve(mine);
    this.#resolve = null;
  }
}

function isBehind(row: DeltaCursor, cursor: DeltaCursor): boolean {
  return row.attempt > cursor.attempt || (row.attempt === cursor.attempt && row.seq > cursor.seq);
}

function hurried(followers: ReadonlySet<Follower>, nowMs: number): readonly Follower[] {
  return [...followers].filter((follower) => follower.isHurried(nowMs));
}

/** Two that watch the same activity are one question: for what the one lacks that has seen less. */
function merged(followers: Iterable<Follower>): readonly DeltaQuery[] {
  const queries = new Map<string, DeltaQuery>();
  for (const { queries: asked } of followers) {
    for (const query of asked) {
      const key = JSON.stringify([query.executionId, query.activityId]);
      const other = queries.get(key);
      if (other === undefined || isBehind(other.after, query.after)) queries.set(key, query);
    }
  }
  return [...queries.values()];
}
