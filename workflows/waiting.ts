// A run that waits says why: in the memo, which the event stream and the Web UI read, and in its
// status. It costs nothing while it waits.

import { sleep, upsertMemo } from "@temporalio/workflow";
import type { Waiting } from "../src/domain/run.ts";
import type { Limit } from "../src/domain/outcome.ts";
import { letGoOn } from "../src/domain/run-state.ts";
import { PARKED_AT_MEMO, WAITING_MEMO } from "../src/temporal/names.ts";
import type { Run } from "./run.ts";
import { showStatus, summaryOf } from "./run-view.ts";

/** Who raises a cap tells the runs that wait at it; one that was not told looks again after this. */
const LOOK_AGAIN_MS = 300_000;

/** A clock that is wrong must neither spin the run nor park it. */
const CAPACITY_WAIT_MIN_MS = 200;
const CAPACITY_WAIT_MAX_MS = 300_000;

export interface Cause {
  readonly reason: "budget" | "provider";
  readonly limit: Limit;
  readonly message: string;
  readonly resetsAt?: string | null;
}

/**
 * True once the run may go on. False at once where its caller asked to stop at limits.
 * `paused` is a person's wish and always honoured.
 */
export async function parked(run: Run, cause: Cause | "paused"): Promise<boolean> {
  if (cause === "paused") {
    run.state.waitedForPerson = true;
    showStatus("paused", run.state);
    await run.inbox.resumed(null);
    showStatus("running", run.state);
    return true;
  }
  if (run.input.onLimit === "stop") return false;
  const withinMs = cause.reason === "budget" ? untilWorthALook(cause.resetsAt ?? null) : null;
  const waiting: Waiting = {
    reason: cause.reason,
    message: cause.message,
    nextAttemptAt: withinMs === null ? null : new Date(Date.now() + withinMs).toISOString(),
  };
  upsertMemo({ [WAITING_MEMO]: waiting, [PARKED_AT_MEMO]: cause.limit });
  showStatus("waiting", run.state);
  const byPerson = await run.inbox.resumed(withinMs);
  if (byPerson) letGoOn(run.state, cause.limit);
  // The ledger knows today's cap; the next call asks it and brings the cap back.
  run.state.costCapMicroUsd = Number.MAX_SAFE_INTEGER;
  upsertMemo({ [WAITING_MEMO]: null, [PARKED_AT_MEMO]: null });
  showStatus("running", run.state);
  return true;
}

function untilWorthALook(resetsAt: string | null): number {
  const untilResetMs = resetsAt === null ? LOOK_AGAIN_MS : Date.parse(resetsAt) - Date.now();
  return Math.max(1000, Math.min(LOOK_AGAIN_MS, untilResetMs));
}

/** The provider takes no calls until then, whoever asks; the wait is a timer, and no attempt. */
export async function waitForCapacity(
  { state }: Run,
  message: string,
  nextAttemptAt: string | null,
): Promise<void> {
  const waiting: Waiting = { reason: "capacity", message, nextAttemptAt };
  const askedMs = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - Date.now();
  const withinMs = Math.max(CAPACITY_WAIT_MIN_MS, Math.min(CAPACITY_WAIT_MAX_MS, askedMs));
  upsertMemo({ [WAITING_MEMO]: waiting });
  showStatus("waiting", state);
  await sleep(withinMs, { summary: summaryOf("waiting for capacity", message) });
  upsertMemo({ [WAITING_MEMO]: null });
  showStatus("running", state);
}
