// Asks a run, or a batch, to end. It hears of that from a worker: whether one polls its queue is told as well, since
// nothing comes of a cancel where nobody does.

import { lookAtQueue } from "../temporal/pollers.ts";
import type { Backend } from "./connect.ts";
import { asked, runEnded, told } from "./steer.ts";

export interface Cancelled {
  /** The queue that nobody polls, and the run waits in; null where it is served. */
  readonly unservedQueue: string | null;
}

/** Throws PawlError RUN_ENDED, RUN_NOT_FOUND. */
export async function cancelRun(
  { client, namespace }: Pick<Backend, "client" | "namespace">,
  runId: string,
): Promise<Cancelled> {
  const handle = client.workflow.getHandle(runId);
  // Temporal accepts a cancel of what is over, and nothing comes of it.
  const { closeTime, taskQueue } = await asked(handle.describe(), runId);
  if (closeTime !== undefined) throw runEnded(runId);
  await told(handle, (run) => run.cancel());
  const queue = { namespace, taskQueue, duty: "core" } as const;
  const { identities } = await asked(lookAtQueue(client.workflowService, queue), runId);
  return { unservedQueue: identities.length > 0 ? null : taskQueue };
}
