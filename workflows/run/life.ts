// The life of a run in its workflow: the one place that holds what the run remembers.

import { CancellationScope, proxyLocalActivities, workflowInfo } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { RunInput } from "../../src/domain/run/carried.ts";
import { evolve } from "../../src/domain/run/evolve.ts";
import type { RunFact } from "../../src/domain/run/facts.ts";
import { isInterrupted } from "../../src/domain/run/interrupts.ts";
import type { Order } from "../../src/domain/run/order.ts";
import { newRun, type CallState, type RunState } from "../../src/domain/run/state.ts";
import { stopping } from "../activity-options.ts";
import { show } from "./show.ts";
import { tell } from "./tell.ts";

const { stopAttempts } = proxyLocalActivities<Activities>(stopping);

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
      const telling: Promise<void>[] = [];
      stop = () => {
        scope.cancel();
        if (telling.length === 0) telling.push(tellAttempts());
      };
      try {
        return await scope.run(step);
      } finally {
        stop = null;
        // Or it might meet what the next step has begun.
        await Promise.all(telling);
      }
    },
    setClock() {
      const isFirst = !isClockSet;
      isClockSet = true;
      return isFirst;
    },
  };
}

export function callIn({ state: { phase } }: Life, callId: string): CallState | undefined {
  if (phase.kind !== "answering") return undefined;
  return phase.calls.find((call) => call.callId === callId);
}

/** Temporal itself tells of a cancel with the answer to a heartbeat: too late for a person who waits. */
async function tellAttempts(): Promise<void> {
  const wish = { scheduledUntilMs: Date.now() };
  await CancellationScope.nonCancellable(() => stopAttempts(wish)).catch(() => undefined);
}
