// Postgres may be away for a while: it restarts, a connection breaks. An attempt that waits for it
// keeps what it has, where a failed one would use up one of its retries.

import { setTimeout as delay } from "node:timers/promises";
import { isPawlError } from "../src/domain/errors.ts";

const FIRST_PAUSE_MS = 100;
const PAUSE_MAX_MS = 2000;

/** Repeats work that the store could not do, until it can, `forMs` are over, or nobody wants it. */
export async function whileStoreIsAway<T>(
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
