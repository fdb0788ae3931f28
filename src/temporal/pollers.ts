// Who polls the task queues, as which build, whether they live, and how much waits. Temporal lists whoever polled
// within five minutes, the dead among them.

import type { WorkflowService } from "@temporalio/client";
import proto from "@temporalio/proto";
import type { Duty } from "../domain/duty.ts";
import type { Build, Fleet, Poller, QueueSeen, Routing } from "../domain/fleet.ts";
import { readHeartbeats, type Heartbeats } from "./heartbeats.ts";
import { queueOf } from "./queues.ts";

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } =
  proto.temporal.api.enums.v1.TaskQueueType;
const { WORKER_VERSIONING_MODE_VERSIONED } = proto.temporal.api.enums.v1.WorkerVersioningMode;

export interface QueuesSought {
  readonly namespace: string;
  /** The queue of the runs. */
  readonly taskQueue: string;
}

/** Whoever has a free slot asks at least this often: a poll lasts a minute. */
const POLL_MAX_MS = 75_000;

type Described = Awaited<ReturnType<WorkflowService["describeTaskQueue"]>>;

export async function lookAtFleet(service: WorkflowService, sought: QueuesSought): Promise<Fleet> {
  const [heartbeats, core, model, tools] = await Promise.all([
    heartbeatsFor(service, sought),
    describe(service, sought, "core"),
    describe(service, sought, "model"),
    describe(service, sought, "tools"),
  ]);
  const runs = seenIn(core, { duty: "core", sought, heartbeats, runs: null });
  return {
    core: runs,
    model: seenIn(model, { duty: "model", sought, heartbeats, runs }),
    tools: seenIn(tools, { duty: "tools", sought, heartbeats, runs }),
  };
}

/** Who takes runs alone. */
export async function lookAtRuns(
  service: WorkflowService,
  sought: QueuesSought,
): Promise<QueueSeen> {
  const [heartbeats, core] = await Promise.all([
    heartbeatsFor(service, sought),
    describe(service, sought, "core"),
  ]);
  return seenIn(core, { duty: "core", sought, heartbeats, runs: null });
}

/** Which build is given what is new of one queue. */
export async function lookAtRouting(
  service: WorkflowService,
  sought: QueuesSought,
  duty: Duty,
): Promise<Routing> {
  return routingOf(await describe(service, sought, duty));
}

async function heartbeatsFor(
  service: WorkflowService,
  { namespace, taskQueue }: QueuesSought,
): Promise<Heartbeats> {
  const queues = [queueFor(taskQueue, "core"), queueFor(taskQueue, "tools")];
  return await readHeartbeats(service, namespace, queues);
}

/** Whoever serves runs serves their books: the queue of the runs itself stands for both. */
function queueFor(taskQueue: string, duty: Duty): string {
  return duty === "core" ? taskQueue : queueOf(taskQueue, duty);
}

async function describe(
  service: WorkflowService,
  { namespace, taskQueue }: QueuesSought,
  duty: Duty,
): Promise<Described> {
  return await service.describeTaskQueue({
    namespace,
    taskQueue: { name: queueFor(taskQueue, duty) },
    taskQueueType: duty === "core" ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
}

interface Sight {
  readonly duty: Duty;
  readonly sought: QueuesSought;
  readonly heartbeats: Heartbeats;
  /** Who takes runs; null where that is what is looked at. */
  readonly runs: QueueSeen | null;
}

function seenIn(described: Described, sight: Sight): QueueSeen {
  const nowMs = Date.now();
  const queue = queueFor(sight.sought.taskQueue, sight.duty);
  const pollers = (described.pollers ?? []).map((poller): Poller => {
    const { lastAccessTime, deploymentOptions: options } = poller;
    const identity = poller.identity ?? "";
    const unseenForMs = Math.max(0, nowMs - Number(lastAccessTime?.seconds ?? 0) * 1000);
    const isVersioned = options?.workerVersioningMode === WORKER_VERSIONING_MODE_VERSIONED;
    const build = isVersioned ? buildOf(options) : null;
    const heard = sight.heartbeats({ identity, queue, unseenForMs });
    const lives = heard ?? hasPolled(identity, unseenForMs, sight);
    return { identity, build, unseenForMs, lives };
  });
  const backlog = Number(described.stats?.approximateBacklogCount ?? 0);
  return { pollers, routing: routingOf(described), backlog };
}

/** Slots for calls and tools may all be in use for minutes, and nobody asks meanwhile: then runs tell. */
function hasPolled(identity: string, unseenForMs: number, { runs }: Sight): boolean {
  if (runs === null) return unseenForMs < POLL_MAX_MS;
  return runs.pollers.find((poller) => poller.identity === identity)?.lives ?? true;
}

function routingOf({ versioningInfo: info }: Described): Routing {
  const percent = info?.rampingVersionPercentage ?? 0;
  const current = info?.currentDeploymentVersion ? buildOf(info.currentDeploymentVersion) : null;
  const ramping = info?.rampingDeploymentVersion;
  const build = ramping ? buildOf(ramping) : null;
  return { current, ramping: percent > 0 ? { build, percent } : null };
}

export function buildOf(version: {
  readonly deploymentName?: string | null;
  readonly buildId?: string | null;
}): Build {
  return { deployment: version.deploymentName ?? "", buildId: version.buildId ?? "" };
}
