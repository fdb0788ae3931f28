// The task queues: what is waited for in which. Nothing else names one. Pure: workflow code may import it.

import type { Duty } from "../domain/duty.ts";

/** Where runs are taken from, unless PAWL_TASK_QUEUE says another; the other queues are named after it. */
export const QUEUE_DEFAULT = "pawl";

/**
 * Where the activities of a duty wait; `runs` is the queue of the runs. Model calls wait in that one, too: only
 * what waits in a run's own queue is started with the answer to the workflow task that asks for it, and a
 * call in another queue costs a turn a tenth more.
 */
export function queueOf(runs: string, duty: Duty): string {
  switch (duty) {
    case "core":
      return `${runs}-books`;
    case "model":
      return runs;
    case "tools":
      return `${runs}-tools`;
  }
}
