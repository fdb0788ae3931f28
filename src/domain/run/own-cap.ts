// What a run may cost by itself: the caller's cap, which a person may raise while the run goes on, within what the
// operator and the agent's definition allow. What others share is another matter (budgets). What was added is
// remembered whole and bounded where it is read, so that it does not matter what else a run heard first (H2).

import type { Order } from "./order.ts";
import type { Counts, Memory } from "./state.ts";

type Capped = Pick<Memory, "snapshot" | "counts">;

/** The most that the run's own cap can become; the operator's part of it as a worker last saw it. */
export function ceilingOf({ snapshot, counts }: Capped): number {
  const { agentCapMicroUsd = counts.operatorCapMicroUsd } = snapshot;
  return Math.min(counts.operatorCapMicroUsd, agentCapMicroUsd);
}

/** As far as the run knows: a worker has the last word at each call. */
export function costCapNow(memory: Capped): number {
  const { counts } = memory;
  if (counts.addedMicroUsd === 0) return counts.costCapMicroUsd;
  return Math.min(ownCapOf(memory) ?? counts.costCapMicroUsd, ceilingOf(memory));
}

/** Of the caller, and what people have added to it; null where the caller set none. */
function ownCapOf({ snapshot, counts }: Capped): number | null {
  const { callerCapMicroUsd } = snapshot;
  return callerCapMicroUsd === undefined ? null : callerCapMicroUsd + counts.addedMicroUsd;
}

/** False where the run may already cost all that it can be allowed. */
export function canBeRaised(memory: Capped): boolean {
  const own = ownCapOf(memory);
  return own !== null && own < ceilingOf(memory);
}

export function withMore(counts: Counts, addMicroUsd: number): Counts {
  if (addMicroUsd <= 0) return counts;
  const addedMicroUsd = Math.min(counts.addedMicroUsd + addMicroUsd, Number.MAX_SAFE_INTEGER / 2);
  return { ...counts, addedMicroUsd: Math.floor(addedMicroUsd) };
}

/** The lower of what the caller, with what was added, and the agent's definition allow; null where neither says. */
export function costCapOf({ limits }: Order, { snapshot, counts }: Capped): number | null {
  const { costMicroUsd: caller } = limits;
  const own = caller === undefined ? undefined : caller + counts.addedMicroUsd;
  const said = [own, snapshot.agentCapMicroUsd].filter((cap) => cap !== undefined);
  return said.length === 0 ? null : Math.min(...said);
}
