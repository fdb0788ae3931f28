// What a shell learns of a run. Part of the contract: scripts depend on these numbers.

import type { Outcome } from "../domain/outcome.ts";

export { USAGE_EXIT } from "../domain/complaint.ts";

const OF_OUTCOME = { answered: 0, failed: 1, stopped: 3, refused: 4, cancelled: 5 } as const;

/** Whoever watched has left, and what was watched goes on. */
export const DETACHED_EXIT = 7;

export function exitCodeOf(outcome: Outcome): number {
  return OF_OUTCOME[outcome.kind];
}
