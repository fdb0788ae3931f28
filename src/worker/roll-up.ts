// Sums up usage every second while there is any, and ever more seldom while there is none: an idle stack stays
// idle. Any number of workers may do it; one at a time takes something, and the others slow down.

import type { Database } from "../store/database.ts";
import { rollUp, ROLL_UP_ROWS_MAX } from "../store/roll-up.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const PAUSE_MS_MIN = 1000;
const PAUSE_MS_MAX = 30_000;

/** Until what it returns is called. */
export function keepRollingUp(db: Database, telemetry: Telemetry): () => void {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (pauseMs: number): void => {
    if (!isStopped) timer = setTimeout(() => void roll(pauseMs), pauseMs);
  };
  const roll = async (pauseMs: number): Promise<void> => {
    try {
      next(pauseAfter(await rollUp(db), pauseMs));
    } catch (error) {
      telemetry.emit({ event: "sweep_failed", error });
      next(PAUSE_MS_MAX);
    }
  };
  next(PAUSE_MS_MIN);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}

export function pauseAfter(rows: number, pauseMs: number): number {
  if (rows >= ROLL_UP_ROWS_MAX) return 0;
  return rows > 0 ? PAUSE_MS_MIN : Math.min(Math.max(2 * pauseMs, PAUSE_MS_MIN), PAUSE_MS_MAX);
}
