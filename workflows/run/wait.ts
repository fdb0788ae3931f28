// A run that stands still. It costs nothing while it does, and survives whatever dies.

import { CancellationScope, condition, sleep } from "@temporalio/workflow";
import { isWaiting } from "../../src/domain/run/shown.ts";
import type { Step } from "../../src/domain/run/step.ts";
import type { Life } from "./life.ts";
import { summaryOf } from "./show.ts";

/** A signal and the timer may come in one task, so the wait is over when its phase says so. */
export async function waitFor(
  life: Life,
  { wait, isNew }: Extract<Step, { kind: "wait" }>,
): Promise<void> {
  if (isNew) life.record({ kind: "waits", wait });
  const timer = new CancellationScope();
  let isTimeOver = false;
  if (wait.nextAttemptAt !== null) {
    const ms = Math.max(1, Date.parse(wait.nextAttemptAt) - Date.now());
    const summary = summaryOf(`waiting: ${wait.reason}`, wait.message);
    const ringing = timer.run(async () => {
      await sleep(ms, { summary });
      isTimeOver = true;
    });
    // A timer that is no longer needed is cancelled, which is the normal end of it.
    ringing.catch(() => undefined);
  }
  await condition(() => isTimeOver || !isWaiting(life.state));
  timer.cancel();
  if (isWaiting(life.state)) life.record({ kind: "waited" });
}

/** Until the person who paused the run, or another, resumes it. */
export async function rest(life: Life): Promise<void> {
  await condition(() => !life.state.paused || life.state.calledOff !== null);
}
