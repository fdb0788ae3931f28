// The last call of a run that is about to stop at a limit: tools off, to sum up what there is. What it
// needs is kept back from the calls before it (kept-back.ts), so no cap is ever exceeded for its sake.

import { RUN_LIMITS } from "../limit-table.ts";
import { limitHit, type LimitHit, type Limits, type Used } from "../limits.ts";
import { ACCOUNT_LIMITS, type Limit } from "../outcome.ts";

/** The others leave no room for one more call: a prompt that is too long, a provider that wants no more. */
const LEAVES_ROOM: readonly Limit[] = [
  ...ACCOUNT_LIMITS,
  ...RUN_LIMITS.map(({ limit }) => limit),
  "wall_clock",
];

const CALLS_KEPT_BACK = 1;
const TIME_SHARE_KEPT_BACK = 0.1;
const TIME_KEPT_BACK_MS_MAX = 60_000;

export function leavesRoom(limit: Limit): boolean {
  return LEAVES_ROOM.includes(limit);
}

/** The limits as they bind all calls but the last. A run of one call keeps nothing back. */
export function limitHitWithReserve(limits: Limits, used: Used, runMs: number): LimitHit | null {
  const hit = limitHit(limits, used);
  if (hit !== null) return hit;
  const lastCallIsNext = used.modelCalls >= limits.modelCalls - CALLS_KEPT_BACK;
  if (limits.modelCalls > CALLS_KEPT_BACK && lastCallIsNext) {
    const calls = `${used.modelCalls} of ${limits.modelCalls} model calls`;
    return { limit: "model_calls", message: `the run used ${calls}; the last one sums up` };
  }
  const { wallClockMs } = limits;
  if (wallClockMs === null || used.modelCalls === 0) return null;
  const keptMs = Math.min(TIME_KEPT_BACK_MS_MAX, wallClockMs * TIME_SHARE_KEPT_BACK);
  if (runMs < wallClockMs - keptMs) return null;
  return { limit: "wall_clock", message: `the run took ${runMs} of ${wallClockMs} ms` };
}

export function wrapUpNote(limit: Limit): string {
  const what = limit.replaceAll("_", " ");
  return [
    `The run stops here: its limit on ${what} is reached, and no tool can be called any more.`,
    "Sum up for the user in a few sentences: what you found, what is certain, and what is still open.",
  ].join(" ");
}
