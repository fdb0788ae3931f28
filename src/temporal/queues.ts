// The task queues: what is waited for in which. Nothing else names one. Pure: workflow code may import it.

import type { Duty } from "../domain/duty.ts";

/** Where runs are taken from, unless PAWL_TASK_QUEUE says another; the other queues are named after it. */
export const QUEUE_DEFAULT = "pawl";

/** `base` is the queue of the runs. */
export function queueOf(base: string, duty: Duty): string {
  return duty === "core" ? base : `${base}-${duty}`;
}
