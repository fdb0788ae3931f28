// The task queues that runs wait in: how many workers poll for runs, what nobody serves, and how much waits.

import { DUTIES, type Duty } from "../domain/duty.ts";
import { lookAtQueue } from "../temporal/pollers.ts";
import type { Backend } from "./connect.ts";

export interface Queue {
  /** Tasks that no worker has taken yet, of all queues. */
  readonly backlog: number;
  /** Those that poll for runs. */
  readonly workers: number;
  /** What no worker polls for: runs wait when they come to it. */
  readonly unserved: readonly Duty[];
}

export async function describeQueues({
  client,
  namespace,
  taskQueue,
}: Pick<Backend, "client" | "namespace" | "taskQueue">): Promise<Queue> {
  const seen = await Promise.all(
    DUTIES.map(async (duty) => ({
      duty,
      ...(await lookAtQueue(client.workflowService, { namespace, taskQueue, duty })),
    })),
  );
  return {
    backlog: seen.reduce((sum, { backlog }) => sum + backlog, 0),
    workers: seen.find(({ duty }) => duty === "core")?.identities.length ?? 0,
    unserved: seen.filter(({ identities }) => identities.length === 0).map(({ duty }) => duty),
  };
}
