// Hears what runs want stopped whose stop was handled in another process. One small statement a second for all
// that is at work here, and none where nothing is.

import type { RunningAttempts } from "../../activities/running-attempts.ts";
import type { Stops } from "../store/stops.ts";

const EVERY_MS = 1000;
/** For statements that take their time, here and where the stop was asked for. */
const OVERLAP_MS = 2000;
const LOOKED_BACK_MAX_MS = 60_000;

/** Until `stop` is called. */
export function hearStops(stops: Stops, running: RunningAttempts): { stop(): void } {
  let heardAtMs = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  const hear = async (): Promise<void> => {
    if (isAsking || running.isIdle) return;
    isAsking = true;
    const askedAtMs = performance.now();
    const withinMs = Math.min(askedAtMs - heardAtMs + OVERLAP_MS, LOOKED_BACK_MAX_MS);
    try {
      for (const wish of await stops.heard(Math.round(withinMs))) running.stop(wish);
      heardAtMs = askedAtMs;
    } catch {
      // The next look reaches back as far; meanwhile Temporal tells of stops by itself.
    } finally {
      isAsking = false;
    }
  };
  const hearing = setInterval(() => void hear(), EVERY_MS).unref();
  return { stop: () => clearInterval(hearing) };
}
