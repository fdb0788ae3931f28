// All that a run hears from outside: people, a cancel, the clock. Handlers parse what they are given and record
// it; the loop decides what follows. A signal that says nothing usable is logged and passed over.

import { CancellationScope, defineSignal, setHandler, sleep } from "@temporalio/workflow";
import type { RunFact } from "../../src/domain/run/facts.ts";
import { messageFrom } from "../../src/domain/run/parse-message.ts";
import { resumedBy } from "../../src/domain/run/parse-resume.ts";
import { ALARM_SUMMARY, SIGNALS } from "../../src/temporal/names.ts";
import { hearDecisions } from "./decisions.ts";
import { hearAnswers } from "./hear-answers.ts";
import type { Life } from "./life.ts";
import { hearRaises } from "./raise.ts";
import { tellIgnored } from "./tell.ts";

/** Must come before the first await, so that nothing is said too early to be heard. */
export function listen(life: Life): void {
  const record = (fact: RunFact): void => life.record(fact);
  setHandler(defineSignal(SIGNALS.pause), () => record({ kind: "paused" }));
  setHandler(defineSignal<[unknown]>(SIGNALS.resume), (given) => {
    record({ kind: "resumed", by: resumedBy(given) });
  });
  setHandler(defineSignal(SIGNALS.lookAgain), () => record({ kind: "lookedAgain" }));
  setHandler(defineSignal<[unknown]>(SIGNALS.say), (given) => {
    const message = messageFrom(given);
    if ("problem" in message) return tellIgnored(SIGNALS.say, message.problem);
    record({ kind: "said", message: message.value });
  });
  hearDecisions(life);
  hearAnswers(life);
  hearRaises(life);
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
