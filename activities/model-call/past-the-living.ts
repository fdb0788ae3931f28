// An earlier attempt at a call that is still at work is not lost, though Temporal has given it up: its server
// was away, or heard of it too late. Its reply is on its way, and paid for. So the next attempt waits for the
// journal, and buys only when the earlier one has ended, or the lease of its worker has run out (M7).

import { setTimeout as delay } from "node:timers/promises";
import type { Alive } from "../../src/store/ledger.ts";
import { aborted } from "../attempt.ts";
import { stopEverywhere } from "../stop-attempts.ts";
import type { CallAttempt } from "./call-attempt.ts";
import { logAwaited } from "./call-log.ts";

const ASK_EVERY_MS = 500;
/** A reply that was stopped is brought home at once, or not in time. */
const BROUGHT_HOME_WITHIN_MS = 1000;

/** `ask` answers `alive` while there is something to wait for; a cancel or an interrupt ends the wait. */
export async function pastTheLiving<T extends { readonly kind: string }>(
  at: CallAttempt,
  ask: () => Promise<T | Alive>,
): Promise<T> {
  const { attempt, deps } = at;
  for (let isTold = false; ; isTold = true) {
    const here = deps.running.earlierThan(attempt);
    if (here !== null) await endOf(at, here);
    const answer = await ask();
    if (!isAlive(answer)) return answer;
    if (attempt.over.aborted) throw await leaveIt(at);
    if (!isTold) logAwaited(at, answer);
    await pause(at, Math.min(ASK_EVERY_MS, answer.leaseEndsInMs + 1));
  }
}

function isAlive(answer: { readonly kind: string }): answer is Alive {
  return answer.kind === "alive";
}

/** Of attempts in this process. Where the run stops they bring home what they have heard. */
async function endOf(at: CallAttempt, here: Promise<unknown>): Promise<void> {
  const { attempt } = at;
  await Promise.race([here, abortOf(attempt.over)]);
  if (!attempt.isUnwanted()) return;
  await stopEverywhere(at.deps, wishOf(at));
  await Promise.race([here, delay(BROUGHT_HOME_WITHIN_MS, undefined, { ref: false })]);
}

/** Nobody waits for it any more. */
async function leaveIt(at: CallAttempt): Promise<Error> {
  if (at.attempt.isUnwanted()) await stopEverywhere(at.deps, wishOf(at));
  return aborted(at.attempt);
}

function wishOf({ attempt: { executionId, scheduledAtMs } }: CallAttempt) {
  return { executionId, scheduledUntilMs: scheduledAtMs };
}

async function pause({ attempt: { over } }: CallAttempt, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: over }).catch(() => undefined);
}

function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
