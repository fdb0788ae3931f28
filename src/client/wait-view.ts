// What viewers are told of a run that stands still: that it waits and why, and that it goes on. Pure.

import { usdOf } from "../domain/money.ts";
import type { RunContinued, RunResumed, RunWaiting } from "../domain/run-event.ts";
import { costCapNow } from "../domain/run/own-cap.ts";
import type { Wait } from "../domain/run/state.ts";
import { isParked } from "../domain/run/waits.ts";
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

/** A word that changed nothing is no news. */
export function resumeNews(
  { state: before }: ToldRun,
  { state: after }: ToldRun,
  by: string,
): readonly EventBody<RunResumed>[] {
  const capMicroUsd = after.memory === null ? 0 : costCapNow(after.memory);
  const addedMicroUsd = before.memory === null ? 0 : capMicroUsd - costCapNow(before.memory);
  const stood = before.paused || (before.wait !== null && isParked(before.wait));
  if (!stood && addedMicroUsd <= 0) return [];
  const [addedUsd, capUsd] = [usdOf(Math.max(0, addedMicroUsd)), usdOf(capMicroUsd)];
  return [{ type: "run.resumed", by, addedUsd, capUsd }];
}
