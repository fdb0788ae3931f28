// At the end of its grace a worker that shuts down gives up what it still has at work. Temporal's core tells an
// attempt one thing only, so those that were told before that Temporal had given them up would not hear of it,
// and would hold up the end of the worker until their replies are complete.

import type { RunningAttempts } from "../../activities/running-attempts.ts";

const LOOK_EVERY_MS = 500;

/** Until `stop` is called. */
export function leaveInTime(
  isLeaving: () => boolean,
  running: RunningAttempts,
  graceMs: number,
): { stop(): void } {
  let leavingSinceMs: number | null = null;
  const looking = setInterval(() => {
    if (!isLeaving()) return;
    leavingSinceMs ??= performance.now();
    if (performance.now() - leavingSinceMs >= graceMs) running.leave();
  }, LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(looking) };
}
