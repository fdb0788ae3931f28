// What viewers are told of a run that stands still: that it waits and why, and that it goes on. Pure.

import type { RunContinued, RunWaiting } from "../domain/run-event.ts";
import type { Wait } from "../domain/run/state.ts";
import type { EventBody } from "./event-body.ts";
import type { ToldRun } from "./told-run.ts";

export const GOES_ON: EventBody<RunContinued> = { type: "run.continued", reason: "resumed" };

/** The message names the limit, where it is one. */
export type WaitShown = Omit<Wait, "limit">;

export function shownWait({ reason, message, nextAttemptAt }: Wait): WaitShown {
  return { reason, message, nextAttemptAt };
}

export function waiting(wait: Wait): EventBody<RunWaiting> {
  return { type: "run.waiting", ...shownWait(wait) };
}

/** A run that looks again and again, and waits on for the same reason, says so once. */
export function waitNews(
  { state: { wait: before } }: ToldRun,
  { state: { wait: after } }: ToldRun,
): readonly EventBody<RunWaiting | RunContinued>[] {
  if (after === null) return before === null ? [] : [GOES_ON];
  const isSame = before?.reason === after.reason && before.message === after.message;
  return isSame ? [] : [waiting(after)];
}
