// Why a run stands still, and for how long. Each wait is a step, so each is followed by a fresh history where
// this one is long: a run may wait for months.

import { batchOverAtMs, nextLookMs, waitsUntilMs, type BatchTerms } from "./lane-terms.ts";
import type { Denial } from "../call.ts";
import type { Limit } from "../outcome.ts";
import type { InLane, Memory, RunState, Wait } from "./state.ts";

/** Who raises a cap tells the runs that wait at it; one that was not told looks again after this. */
const LOOK_AGAIN_MS = 300_000;
const LOOK_AGAIN_MIN_MS = 1000;

/** A clock that is wrong must neither spin the run nor park it. */
const CAPACITY_WAIT_MIN_MS = 200;
const CAPACITY_WAIT_MAX_MS = 300_000;
const HOLDS_WAIT_MS = 2000;

interface Parked {
  readonly limit: Limit;
  readonly message: string;
  readonly resetsAt?: string | null;
}

/** At one of our limits: until a person lets it go on, or a cap was raised or is a new day's. */
export function atLimit({ limit, message, resetsAt = null }: Parked, nowMs: number): Wait {
  const untilResetMs = resetsAt === null ? LOOK_AGAIN_MS : Date.parse(resetsAt) - nowMs;
  const withinMs = Math.max(LOOK_AGAIN_MIN_MS, Math.min(LOOK_AGAIN_MS, untilResetMs));
  return { reason: "budget", message, nextAttemptAt: isoOf(nowMs + withinMs), limit };
}

/** At the provider's spend limit, of which only a person knows when it is raised. */
export function atSpendLimit(message: string): Wait {
  return { reason: "provider", message, nextAttemptAt: null, limit: "provider_spend" };
}

/** At a limit, of ours or of the provider: a person may let the run go on. */
export function isParked({ reason }: Wait): boolean {
  return reason === "budget" || reason === "provider";
}

/** Nobody may be asked before then. */
export function forCapacity(message: string, untilMs: number, nowMs: number): Wait {
  const waitMs = Math.max(CAPACITY_WAIT_MIN_MS, Math.min(CAPACITY_WAIT_MAX_MS, untilMs - nowMs));
  return { reason: "capacity", message, nextAttemptAt: isoOf(nowMs + waitMs), limit: null };
}

/** Nobody has served it who may; the next worker that takes it may be another. */
function forWorker(message: string, untilMs: number, nowMs: number): Wait {
  return { ...forCapacity(message, untilMs, nowMs), reason: "worker" };
}

/** What a denial says passes by itself; null where it does not. */
export function untilItPasses(denial: Denial, nowMs: number): Wait | null {
  switch (denial.why) {
    case "holds":
      return forCapacity(denial.message, nowMs + HOLDS_WAIT_MS, nowMs);
    case "in_line":
    case "rate_limited":
    case "down":
    case "overloaded":
      return forCapacity(denial.message, Date.parse(denial.notBefore), nowMs);
    case "provider":
      return forWorker(denial.message, Date.parse(denial.notBefore), nowMs);
    case "cap":
    case "size":
    case "retired":
      return null;
  }
}

/** Until the provider's batch is looked at again. */
export function forBatch(
  { snapshot }: Memory,
  state: RunState,
  phase: InLane,
  nowMs: number,
): Wait {
  const { providerBatchId } = phase.ticket;
  const first =
    providerBatchId === null
      ? "a batch that may have been made"
      : `batch ${providerBatchId} is under way`;
  const lookInMs =
    snapshot.batchLane === undefined ? 0 : nextLookMs(snapshot.batchLane, phase.looks);
  const waitMs = Math.max(1, Math.min(lookInMs, batchUntilMs(snapshot, state, phase) - nowMs));
  const nextAttemptAt = isoOf(nowMs + waitMs);
  return { reason: "batch", message: phase.message ?? first, nextAttemptAt, limit: null };
}

/** When a batch is left, whatever has become of it. */
export function batchUntilMs(
  { batchLane, limits }: Memory["snapshot"],
  { startedAtMs }: RunState,
  { ticket }: InLane,
): number {
  const overAtMs = batchOverAtMs(Date.parse(ticket.sentBefore));
  const untilMs = batchLane && waitsUntilMs(batchLane, limits.wallClockMs, startedAtMs);
  return Math.min(overAtMs, untilMs ?? overAtMs);
}

export function hasTimeForBatch(
  terms: BatchTerms,
  { limits }: Memory["snapshot"],
  { startedAtMs }: RunState,
  nowMs: number,
): boolean {
  const untilMs = waitsUntilMs(terms, limits.wallClockMs, startedAtMs);
  return untilMs === null || nowMs + terms.firstLookMs < untilMs;
}

function isoOf(ms: number): string {
  return new Date(Number.isNaN(ms) ? 0 : ms).toISOString();
}
