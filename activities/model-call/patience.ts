// PostgreSQL may be away for a while: it restarts, a connection breaks. An attempt that waits for it keeps
// what it has, where a failed one would use up one of its retries.

import { setTimeout as delay } from "node:timers/promises";
import { isPawlError } from "../../src/domain/errors.ts";
import type { Attempt } from "../attempt.ts";

const FIRST_PAUSE_MS = 100;
const PAUSE_MAX_MS = 2000;
const ASKING_FOR_MS = 60_000;
/** For what the run waits for although it stopped it. */
const STOPPED_FOR_MS = 10_000;

/** Repeats what the store could not do, until it can, a minute is over, or nobody wants it. */
export async function whileStoreIsAway<T>({ signal }: Attempt, work: () => Promise<T>): Promise<T> {
  return await patiently(work, { signal, forMs: ASKING_FOR_MS });
}

/** What was paid, and what was spared, is in our hands: it is not given up while anybody wants it. */
export async function untilStored<T>({ signal }: Attempt, work: () => Promise<T>): Promise<T> {
  const patience = signal.aborted
    ? { signal: new AbortController().signal, forMs: STOPPED_FOR_MS }
    : { signal, forMs: Number.POSITIVE_INFINITY };
  return await patiently(work, patience);
}

async function patiently<T>(
  work: () => Promise<T>,
  { signal, forMs }: { readonly signal: AbortSignal; readonly forMs: number },
): Promise<T> {
  const deadline = Date.now() + forMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      const isAway = isPawlError(error) && error.code === "LEDGER_UNAVAILABLE";
      if (!isAway || signal.aborted || Date.now() > deadline) throw error;
      await delay(pauseMs);
    }
  }
}
