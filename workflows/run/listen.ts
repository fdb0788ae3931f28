// All that a run hears from outside: people, a cancel, the clock. Handlers do nothing but record what they hear;
// the loop decides what follows.

import { CancellationScope, defineSignal, setHandler, sleep } from "@temporalio/workflow";
import type { RunFact } from "../../src/domain/run/facts.ts";
import type { UserMessage } from "../../src/domain/run/order.ts";
import { ALARM_SUMMARY, SIGNALS } from "../../src/temporal/names.ts";
import { hearDecisions } from "./decisions.ts";
import type { Life } from "./life.ts";

/** Must come before the first await, so that nothing is said too early to be heard. */
export function listen(life: Life): void {
  const record = (fact: RunFact): void => life.record(fact);
  setHandler(defineSignal(SIGNALS.pause), () => record({ kind: "paused" }));
  setHandler(defineSignal(SIGNALS.resume), () => record({ kind: "resumed" }));
  setHandler(defineSignal(SIGNALS.lookAgain), () => record({ kind: "lookedAgain" }));
  setHandler(defineSignal<[UserMessage]>(SIGNALS.say), (message) => {
    record({ kind: "said", message });
  });
  hearDecisions(life);
  const cancelled = CancellationScope.current().cancelRequested;
  cancelled.catch(() => record({ kind: "calledOff", by: "cancel" }));
}

/** From the moment on at which the limits of the run are known. */
export function watchClock(life: Life): void {
  const { memory, startedAtMs } = life.state;
  const wallClockMs = memory?.snapshot.limits.wallClockMs ?? null;
  if (wallClockMs === null || !life.setClock()) return;
  const leftMs = Math.max(1, startedAtMs + wallClockMs - Date.now());
  const ring = async (): Promise<void> => {
    await sleep(leftMs, { summary: ALARM_SUMMARY });
    life.record({ kind: "calledOff", by: "clock" });
  };
  void ring();
}
