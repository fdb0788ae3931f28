// Decides when a local stack has served its time.

import { statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { TemporalAccess } from "../temporal/access.ts";
import { countOpenRuns } from "./temporal-client.ts";

export interface IdleWatch {
  readonly target: TemporalAccess;
  readonly idleMs: number;
  /** Touched by every command that uses the stack. */
  readonly usedFile: string;
  readonly stillOurs: () => boolean;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MAX_MS = 5000;

export function lookEveryMs(idleMs: number): number {
  return Math.min(LOOK_EVERY_MAX_MS, idleMs / 3);
}

/** Resolves with the reason to end. A Temporal that does not answer counts as busy. */
export async function untilIdle(watch: IdleWatch): Promise<"told_to" | "idle" | "lock_lost"> {
  let lastOpenAt = Date.now();
  const everyMs = lookEveryMs(watch.idleMs);
  while (!watch.signal.aborted) {
    await pause(everyMs, undefined, { signal: watch.signal }).catch(() => undefined);
    if (watch.signal.aborted) break;
    if (!watch.stillOurs()) return "lock_lost";
    if (Date.now() - Math.max(lastOpenAt, usedAt(watch.usedFile)) < watch.idleMs) continue;
    const open = await countOpenRuns(watch.target).catch(() => 1);
    if (open === 0) return "idle";
    lastOpenAt = Date.now();
  }
  return "told_to";
}

function usedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
