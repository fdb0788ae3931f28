// A person stops a run, or the reply in flight: what the run has at work is aborted where it is. Mostly that
// is this very process, since activities are handed to the worker that scheduled them; the others are told
// through the store. What neither reaches hears of it with the answer to its next heartbeat.

import { setTimeout as delay } from "node:timers/promises";
import type { StopWish } from "../src/store/stops.ts";
import { thisAttempt } from "./attempt.ts";
import type { ActivityDeps } from "./deps.ts";

/** The run waits for it, and where the store is away Temporal itself must tell of the stop. */
const TELL_PATIENCE_MS = 500;

export function createStopAttempts(deps: ActivityDeps) {
  return async function stopAttempts(wish: Pick<StopWish, "scheduledUntilMs">): Promise<void> {
    const { executionId } = thisAttempt();
    await stopEverywhere(deps, { executionId, ...wish });
  };
}

export async function stopEverywhere(
  { running, stops, telemetry }: Pick<ActivityDeps, "running" | "stops" | "telemetry">,
  wish: StopWish,
): Promise<void> {
  running.stop(wish);
  const asked = stops.ask(wish).catch((error: unknown) => {
    telemetry.emit({ event: "stop_not_told", executionId: wish.executionId, error });
  });
  await Promise.race([asked, delay(TELL_PATIENCE_MS, undefined, { ref: false })]);
}
