// What people may say to a run in flight. Handlers are registered before the first await and do
// nothing but note what was said; the loop in agent-run.ts decides when to hear it.

import { condition, defineSignal, setHandler } from "@temporalio/workflow";
import { SIGNALS } from "../src/domain/run.ts";

export interface Inbox {
  /** True while a person has paused the run. */
  isPaused(): boolean;
  /** Resolves true once somebody says `resume`, or false when the time is over. */
  resumed(withinMs: number | null): Promise<boolean>;
}

export function openInbox(pausedBefore: boolean): Inbox {
  let paused = pausedBefore;
  let resumes = 0;
  setHandler(defineSignal(SIGNALS.pause), () => {
    paused = true;
  });
  setHandler(defineSignal(SIGNALS.resume), () => {
    paused = false;
    resumes += 1;
  });
  return {
    isPaused: () => paused,
    async resumed(withinMs) {
      const seen = resumes;
      const heard = (): boolean => resumes > seen;
      if (withinMs !== null) return await condition(heard, withinMs);
      await condition(heard);
      return true;
    },
  };
}
