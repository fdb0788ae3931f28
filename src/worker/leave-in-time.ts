// A worker that shuts down says so, and at the end of its grace gives up what it still has at work. Temporal's core tells an
// attempt one thing only, so those that were told before that Temporal had given them up would not hear of it,
// and would hold up the end of the worker until their replies are complete.

import type { RunningAttempts } from "../../activities/running-attempts.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const LOOK_EVERY_MS = 500;

export interface Leaving {
  readonly running: RunningAttempts;
  readonly graceMs: number;
  readonly telemetry: Pick<Telemetry, "emit">;
}

/** Until `stop` is called. */
export function leaveInTime(
  isLeaving: () => boolean,
  { running, graceMs, telemetry }: Leaving,
): { stop(): void } {
  let leavingSinceMs: number | null = null;
  const looking = setInterval(() => {
    if (!isLeaving()) return;
    if (leavingSinceMs === null) {
      leavingSinceMs = performance.now();
      telemetry.emit({ event: "worker_draining", underWay: running.underWay, graceMs });
    }
    if (performance.now() - leavingSinceMs >= graceMs) running.leave();
  }, LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(looking) };
}
