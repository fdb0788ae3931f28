// Which workers say that they live. A server that takes heartbeats (1.30 and newer, unless it is told not to) knows
// of a worker that died within half a minute; any other knows when it polled last.

import type { WorkflowService } from "@temporalio/client";
import proto, { type temporal } from "@temporalio/proto";

const { WORKER_STATUS_RUNNING, WORKER_STATUS_UNSPECIFIED } =
  proto.temporal.api.enums.v1.WorkerStatus;

/** How often our workers say so; the SDK's default is a minute. */
export const HEARTBEAT_EVERY_MS = 10_000;
/** Two may be lost, and clocks may differ a little. */
const HEARD_WITHIN_MS = 30_000;
const WORKERS_MAX = 1000;

/** Whether a worker of a queue lives; undefined where nobody here says so, and its last poll must tell. */
export type Heartbeats = (worker: {
  readonly identity: string;
  readonly queue: string;
  readonly unseenForMs: number;
}) => boolean | undefined;

type Beat = Pick<
  temporal.api.worker.v1.IWorkerHeartbeat,
  "workerIdentity" | "taskQueue" | "status"
>;

/** Knows nothing where the server does not. */
export async function readHeartbeats(
  service: WorkflowService,
  namespace: string,
  queues: readonly string[],
): Promise<Heartbeats> {
  const ofQueues = queues.map((queue) => `TaskQueue = '${queue}'`).join(" OR ");
  const since = new Date(Date.now() - HEARD_WITHIN_MS).toISOString();
  const list = async (query: string): Promise<readonly Beat[]> => {
    const asked = { namespace, query, pageSize: WORKERS_MAX };
    const { workers, workersInfo } = await service.listWorkers(asked);
    const whole = (workersInfo ?? []).flatMap(({ workerHeartbeat }) => workerHeartbeat ?? []);
    return [...(workers ?? []), ...whole];
  };
  try {
    const [{ namespaceInfo: about }, all, recent] = await Promise.all([
      service.describeNamespace({ namespace }),
      list(ofQueues),
      list(`(${ofQueues}) AND HeartbeatTime > '${since}'`),
    ]);
    if (about?.capabilities?.workerHeartbeats !== true) return () => undefined;
    const known = new Set(all.map(keyOf));
    const living = new Set(recent.filter(isAtWork).map(keyOf));
    return ({ identity, queue, unseenForMs }) => {
      const key = keyOf({ workerIdentity: identity, taskQueue: queue });
      if (known.has(key)) return living.has(key);
      // It has just begun, or has taken its leave: all of ours speak where the server listens.
      return unseenForMs < HEARD_WITHIN_MS;
    };
  } catch {
    return () => undefined;
  }
}

function isAtWork({ status }: Beat): boolean {
  return (status ?? WORKER_STATUS_UNSPECIFIED) <= WORKER_STATUS_RUNNING;
}

function keyOf({ workerIdentity, taskQueue }: Beat): string {
  return `${workerIdentity} ${taskQueue}`;
}
