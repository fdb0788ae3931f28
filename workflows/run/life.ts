// The life of a run in its workflow: the one place that holds what the run remembers, and all that is heard of
// it from outside. Handlers do nothing but record what they hear; the loop decides what follows.

import {
  CancellationScope,
  defineSignal,
  setHandler,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import type { RunInput } from "../../src/domain/run/carried.ts";
import { evolve } from "../../src/domain/run/evolve.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import { isInterrupted } from "../../src/domain/run/interrupts.ts";
import type { Order, UserMessage } from "../../src/domain/run/order.ts";
import { newRun, type RunState } from "../../src/domain/run/state.ts";
import { ALARM_SUMMARY, SIGNALS } from "../../src/temporal/names.ts";
import { hearDecisions } from "./decisions.ts";
import { show } from "./show.ts";
import { tell } from "./tell.ts";

export interface Life {
  readonly order: Order;
  readonly state: RunState;
  record(fact: RunFact): void;
  /** Runs one step, which a cancel stops, and an interrupt where it is a call that may be interrupted. */
  stoppable<T>(step: () => Promise<T>): Promise<T>;
  /** True once: the clock of the run is set once a history. */
  setClock(): boolean;
}

export function openLife(input: RunInput): Life {
  const { resumed, ...order } = input;
  let state = resumed ?? newRun(workflowInfo().startTime.getTime());
  let stop: (() => void) | null = null;
  let isClockSet = false;
  return {
    order,
    get state() {
      return state;
    },
    record(fact) {
      const before = state;
      state = evolve(before, fact);
      tell(before, state, fact);
      show(before, state);
      if (state.calledOff !== null || isInterrupted(state)) stop?.();
    },
    async stoppable(step) {
      const scope = new CancellationScope();
      stop = () => scope.cancel();
      try {
        return await scope.run(step);
      } finally {
        stop = null;
      }
    },
    setClock() {
      const isFirst = !isClockSet;
      isClockSet = true;
      return isFirst;
    },
  };
}

/** Must come before the first await, so that nothing is said too early to be heard. */
export function listen(life: Life): void {
  const { record } = life;
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
