// What this process serves: a worker of the SDK for each queue, on one connection, with one set of
// deps. The workflows are loaded for runs alone.

import { existsSync } from "node:fs";
import { Worker, type NativeConnection, type WorkerOptions } from "@temporalio/worker";
import {
  coreActivities,
  localActivities,
  modelActivities,
  toolActivities,
  type ActivityDeps,
} from "../../activities/index.ts";
import { beatEveryMs } from "../../activities/attempt.ts";
import type { Duty } from "../domain/duty.ts";
import { packageFile } from "../package-root.ts";
import { DATA_CONVERTER } from "../temporal/data-converter.ts";
import { queueOf } from "../temporal/queues.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import { BUNDLE_FILE } from "./bundle-file.ts";
import { buildIn } from "./tell-build.ts";
import { harmlessFailures } from "./harmless-failures.ts";

const CACHED_WORKFLOWS_MAX = 500;

export interface Server {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

export async function createWorkers(
  { connection, namespace }: Server,
  deps: ActivityDeps,
  duties: readonly Duty[],
): Promise<readonly Worker[]> {
  const common: Partial<WorkerOptions> = {
    ...{ connection, namespace, dataConverter: DATA_CONVERTER },
    ...attempting(deps),
    ...versioning(deps.config),
  };
  const queues = [...runsAndCalls(duties, deps), ...besideRuns(duties, deps)];
  return await createEach(queues, common);
}

export async function createEach(
  queues: readonly QueueOptions[],
  common: Partial<WorkerOptions>,
): Promise<readonly Worker[]> {
  const workers: Worker[] = [];
  for (const queue of queues) workers.push(await Worker.create({ ...common, ...queue }));
  return workers;
}

/** How attempts beat, end and fail, in whatever queue. */
export function attempting({ config }: Pick<ActivityDeps, "config">): Partial<WorkerOptions> {
  const beatMs = beatEveryMs(config.timers.heartbeatTimeoutMs);
  return {
    // Core would hold beats back for 80 % of the heartbeat timeout.
    maxHeartbeatThrottleInterval: beatMs,
    defaultHeartbeatThrottleInterval: beatMs,
    shutdownGraceTime: config.process.shutdownGraceMs,
    interceptors: { activity: [harmlessFailures(secretsOf(config))] },
  };
}

/** Until all of them are told to stop, as SIGTERM and SIGINT do; one that breaks takes the others along. */
export async function serve(workers: readonly Worker[]): Promise<void> {
  const serving = workers.map((worker) => worker.run());
  try {
    await Promise.all(serving);
  } finally {
    endAll(workers);
    await Promise.allSettled(serving);
  }
}

export function endAll(workers: readonly Worker[]): void {
  for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
}

export function isLeaving(worker: Worker): boolean {
  return ["STOPPING", "DRAINING"].includes(worker.getState());
}

type QueueOptions = Partial<WorkerOptions> & Pick<WorkerOptions, "taskQueue">;

function runsAndCalls(duties: readonly Duty[], deps: ActivityDeps): readonly QueueOptions[] {
  const { temporal, worker } = deps.config;
  const core = duties.includes("core");
  const model = duties.includes("model");
  if (!core && !model) return [];
  const queue: QueueOptions = {
    taskQueue: temporal.taskQueue,
    ...(core ? workflows() : {}),
    activities: inRunsQueue(duties, deps),
    // Local ones are executed in the process of their run, and come by no queue.
    enableNonLocalActivities: model,
    maxConcurrentActivityTaskExecutions: worker.modelSlots,
  };
  return [queue];
}

/** What is executed in the queue of the runs themselves. */
export function inRunsQueue(duties: readonly Duty[], deps: ActivityDeps) {
  return {
    ...(duties.includes("core") ? localActivities(deps) : {}),
    ...(duties.includes("model") ? modelActivities(deps) : {}),
  };
}

/** The queues beside that one: books and tools. */
export function besideRuns(duties: readonly Duty[], deps: ActivityDeps): readonly QueueOptions[] {
  const { temporal, worker } = deps.config;
  const queueFor = (duty: Duty): string => queueOf(temporal.taskQueue, duty);
  const books = { taskQueue: queueFor("core"), activities: coreActivities(deps) };
  const tools: QueueOptions = {
    taskQueue: queueFor("tools"),
    activities: toolActivities(deps),
    maxConcurrentActivityTaskExecutions: worker.toolSlots,
  };
  return [
    ...(duties.includes("core") ? [books] : []),
    ...(duties.includes("tools") ? [tools] : []),
  ];
}

function workflows(): Partial<WorkerOptions> {
  return {
    ...bundle(),
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    // The default of 10 s is added to every recovery after a kill.
    stickyQueueScheduleToStartTimeout: "3s",
  };
}

function bundle(): Partial<WorkerOptions> {
  if (existsSync(BUNDLE_FILE)) return { workflowBundle: { codePath: BUNDLE_FILE } };
  const workflowsPath = packageFile("workflows/index.ts");
  return { workflowsPath, bundlerOptions: { preloadModules: [workflowsPath] } };
}

/** Pinned: a run in flight stays with the code it began with, a new one takes the newest. */
function versioning({ temporal }: ActivityDeps["config"]): Partial<WorkerOptions> {
  const build = buildIn(temporal);
  if (build === null) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName: build.deployment, buildId: build.buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: "PINNED",
    },
  };
}
