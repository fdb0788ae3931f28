// The attempts that run in this process, at model calls and at tools: the truth of what is at work here, of
// which Temporal and the ledger have an opinion. It is told to stop them (stop-attempts.ts), and it knows for
// how long an attempt that Temporal has given up runs on.

import type { StopWish } from "../src/store/stops.ts";
import type { Attempt } from "./attempt.ts";

/** For attempts that begin behind the wish: their task may still have been on its way. */
const WISHES_KEPT_MS = 60_000;

/** `temporal`: the server has given it up, or an operator sets it aside there. */
export type StoppedBy = "run" | "worker" | "temporal";

/** The reason with which the signal of an attempt is aborted. */
export class Stopped extends Error {
  readonly by: StoppedBy;

  constructor(by: StoppedBy, message: string) {
    super(message);
    this.name = "Stopped";
    this.by = by;
  }
}

interface Entry {
  readonly attempt: Attempt;
  readonly ended: Promise<void>;
  stop(why: Stopped): void;
}

interface HeardWish extends StopWish {
  readonly heardAtMs: number;
}

export class RunningAttempts {
  readonly #entries = new Set<Entry>();
  readonly #wishes = new Map<string, HeardWish>();
  #givenUp = 0;

  get isIdle(): boolean {
    return this.#entries.size === 0;
  }

  get underWay(): number {
    return this.#entries.size;
  }

  /** How many were stopped because this worker ends. */
  get givenUp(): number {
    return this.#givenUp;
  }

  noteGivenUp(): void {
    this.#givenUp += 1;
  }

  /** Returns what ends it. */
  add(attempt: Attempt, stop: (why: Stopped) => void): () => void {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const entry = { attempt, stop, ended };
    this.#entries.add(entry);
    const wish = this.#wishes.get(attempt.executionId);
    if (wish !== undefined && isMeant(attempt, wish)) stop(runStopped());
    return () => {
      this.#entries.delete(entry);
      end();
    };
  }

  /** A run wants what it has scheduled so far to end. */
  stop(wish: StopWish): void {
    this.#remember(wish);
    for (const entry of this.#entries) {
      if (isMeant(entry.attempt, wish)) entry.stop(runStopped());
    }
  }

  /** This worker shuts down and its grace is over. */
  leave(): void {
    for (const entry of this.#entries) entry.stop(new Stopped("worker", "it shuts down"));
  }

  /** The end of those that began before this one at the same call; null where none runs here. */
  earlierThan({ callKey, attempt }: Attempt): Promise<unknown> | null {
    const earlier = [...this.#entries].filter(
      ({ attempt: other }) => other.callKey === callKey && other.attempt < attempt,
    );
    return earlier.length === 0 ? null : Promise.all(earlier.map(({ ended }) => ended));
  }

  #remember(wish: StopWish): void {
    const nowMs = performance.now();
    for (const [executionId, { heardAtMs }] of this.#wishes) {
      if (heardAtMs < nowMs - WISHES_KEPT_MS) this.#wishes.delete(executionId);
    }
    const before = this.#wishes.get(wish.executionId)?.scheduledUntilMs ?? 0;
    const scheduledUntilMs = Math.max(before, wish.scheduledUntilMs);
    this.#wishes.delete(wish.executionId);
    this.#wishes.set(wish.executionId, { ...wish, scheduledUntilMs, heardAtMs: nowMs });
  }
}

function isMeant({ executionId, scheduledAtMs }: Attempt, wish: StopWish): boolean {
  return executionId === wish.executionId && scheduledAtMs <= wish.scheduledUntilMs;
}

function runStopped(): Stopped {
  return new Stopped("run", "the run wants it to stop");
}
