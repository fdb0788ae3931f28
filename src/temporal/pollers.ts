// Who polls the task queues, and how much waits in them.

import type { WorkflowService } from "@temporalio/client";
import proto from "@temporalio/proto";
import type { Duty } from "../domain/duty.ts";
import { queueOf } from "./queues.ts";

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } =
  proto.temporal.api.enums.v1.TaskQueueType;

export interface QueueSeen {
  /** Of its workers; the SDK calls one pid@host. */
  readonly identities: readonly string[];
  /** Tasks that no worker has taken yet; about right, as Temporal counts them. */
  readonly backlog: number;
}

export interface QueueSought {
  readonly namespace: string;
  /** The queue of the runs. */
  readonly taskQueue: string;
  readonly duty: Duty;
}

/** Temporal lists pollers for five minutes after they are gone; one with a free slot asks at least this often. */
const POLL_MAX_S = 75;

export async function lookAtQueue(
  service: WorkflowService,
  { namespace, taskQueue, duty }: QueueSought,
): Promise<QueueSeen> {
  const { pollers, stats } = await service.describeTaskQueue({
    namespace,
    // Whoever serves runs serves their books.
    taskQueue: { name: duty === "core" ? taskQueue : queueOf(taskQueue, duty) },
    taskQueueType: duty === "core" ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  // Slots for calls and tools may all be in use for minutes, and nobody asks meanwhile.
  const freshSinceS = duty === "core" ? Date.now() / 1000 - POLL_MAX_S : 0;
  const fresh = (pollers ?? []).filter(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) > freshSinceS,
  );
  return {
    identities: fresh.flatMap(({ identity }) => (identity ? [identity] : [])),
    backlog: Number(stats?.approximateBacklogCount ?? 0),
  };
}
