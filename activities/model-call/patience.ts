// PostgreSQL may be away for a while: it restarts, a connection breaks. An attempt that waits for it keeps
// what it has, where a failed one would use up one of its retries.

import { setTimeout as delay } from "node:timers/promises";
import { isPawlError, PawlError, type ErrorCode } from "../../src/domain/errors.ts";
import { codeOf } from "../../src/domain/error-code.ts";
import type { Attempt } from "../attempt.ts";

const FIRST_PAUSE_MS = 100;
const PAUSE_MAX_MS = 2000;
const ASKING_FOR_MS = 60_000;
/** For what the run waits for although it stopped it. */
const STOPPED_FOR_MS = 10_000;

type Signals = Pick<Attempt, "signal">;

/** Repeats what the store could not do, until it can, a minute is over, or nobody wants it. */
export async function whileStoreIsAway<T>({ signal }: Signals, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ASKING_FOR_MS;
  return await patiently(work, () => signal.aborted || Date.now() > deadline, isStoreAway);
}

/**
 * What was paid, and what was spared, is in our hands, and while this worker lives nobody else may say what
 * became of it: so it is repeated to the end of the process. The attempt itself waits for that while anybody
 * wants it.
 */
export async function untilStored<T>({ signal }: Signals, work: () => Promise<T>): Promise<T> {
  const stored = inTheEnd(work);
  const waiting = new AbortController();
  try {
    return await Promise.race([stored, givenUp(signal, waiting.signal)]);
  } finally {
    waiting.abort();
  }
}

/** Until it is stored, however long that takes, or this process ends. */
export async function inTheEnd<T>(work: () => Promise<T>): Promise<T> {
  return await patiently(work, () => false, mayPass);
}

/**
 * Also where it can only be read, while a failover is under way, and until a right is granted; where a password is
 * being changed, or a certificate renewed.
 */
const AWAY: readonly ErrorCode[] = [
  "LEDGER_UNAVAILABLE",
  "DATABASE_REFUSED",
  "DATABASE_LOGIN",
  "DATABASE_TLS",
];

export function isStoreAway(error: unknown): boolean {
  return isPawlError(error) && AWAY.includes(error.code);
}

/** Data that it can't take, statements that it does not know, and what our own functions refuse. */
const FINAL = /^(22|23|42|P0)/;

/** Of what is in our hands: it waits for whatever the database has that may pass. */
function mayPass(error: unknown): boolean {
  if (isStoreAway(error)) return true;
  const code = isPawlError(error) ? null : codeOf(error);
  return code !== null && !FINAL.test(code);
}

async function patiently<T>(
  work: () => Promise<T>,
  isEnough: () => boolean,
  passes: (error: unknown) => boolean,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!passes(error) || isEnough()) throw error;
      await delay(pauseMs, undefined, { ref: false });
    }
  }
}

/** Rejects some time after the attempt was stopped, unless nobody waits by then. */
async function givenUp(stop: AbortSignal, waiting: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    for (const signal of [stop, waiting]) {
      signal.addEventListener("abort", () => resolve(), { once: true });
    }
  });
  await delay(STOPPED_FOR_MS, undefined, { ref: false, signal: waiting }).catch(() => undefined);
  const message = `the end of a stopped call was not stored within ${STOPPED_FOR_MS} ms; it is still tried`;
  throw new PawlError("LEDGER_UNAVAILABLE", message);
}
