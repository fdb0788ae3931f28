// The task queue that runs wait in: how many workers poll it, and how much waits for one.

import type { Backend } from "./connect.ts";

export interface Queue {
  /** Tasks that no worker has taken yet; about right, as Temporal counts them. */
  readonly backlog: number;
  readonly workers: number;
}

/** Temporal lists pollers for minutes after they are gone; one that lives asks at least this often. */
const POLL_MAX_S = 75;

/** TaskQueueType of Temporal's API: the queue on which workers poll for workflow tasks. */
const WORKFLOW_QUEUE = 1;

export async function describeQueue({
  client,
  namespace,
  taskQueue,
}: Pick<Backend, "client" | "namespace" | "taskQueue">): Promise<Queue> {
  const { pollers, stats } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum can't be imported
    taskQueueType: WORKFLOW_QUEUE,
    reportStats: true,
  });
  const freshSinceS = Date.now() / 1000 - POLL_MAX_S;
  const fresh = (pollers ?? []).filter(({ lastAccessTime }) => {
    return Number(lastAccessTime?.seconds ?? 0) > freshSinceS;
  });
  return { backlog: Number(stats?.approximateBacklogCount ?? 0), workers: fresh.length };
}
