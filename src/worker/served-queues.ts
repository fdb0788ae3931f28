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

interface Server {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

export async function createWorkers(
  server: Server,
  deps: ActivityDeps,
  duties: readonly Duty[],
): Promise<readonly Worker[]> {
  const { timers } = deps.config;
  const beatMs = beatEveryMs(timers.heartbeatTimeoutMs);
  const workers: Worker[] = [];
  for (const queue of queuesFor(duties, deps)) {
    const worker = await Worker.create({
      ...server,
      dataConverter: DATA_CONVERTER,
      // Core would hold beats back for 80 % of the heartbeat timeout.
      maxHeartbeatThrottleInterval: beatMs,
      defaultHeartbeatThrottleInterval: beatMs,
      shutdownGraceTime: deps.config.process.shutdownGraceMs,
      interceptors: { activity: [harmlessFailures(secretsOf(deps.config))] },
      ...versioning(deps.config),
      ...queue,
    });
    workers.push(worker);
  }
  return workers;
}

/** Until all of them are told to stop, as SIGTERM and SIGINT do; one that breaks takes the others along. */
export async function serve(workers: readonly Worker[]): Promise<void> {
  const serving = workers.map((worker) => worker.run());
  try {
    await Promise.all(serving);
  } finally {
    for (const worker of workers) if (worker.getState() === "RUNNING") worker.shutdown();
    await Promise.allSettled(serving);
  }
}

export function isLeaving(worker: Worker): boolean {
  return ["STOPPING", "DRAINING"].includes(worker.getState());
}

type QueueOptions = Partial<WorkerOptions> & Pick<WorkerOptions, "taskQueue">;

function queuesFor(duties: readonly Duty[], deps: ActivityDeps): readonly QueueOptions[] {
  const { temporal, worker } = deps.config;
  const core = duties.includes("core");
  const model = duties.includes("model");
  const queueFor = (duty: Duty): string => queueOf(temporal.taskQueue, duty);
  const runsAndCalls: QueueOptions = {
    taskQueue: temporal.taskQueue,
    ...(core ? workflows() : {}),
    activities: { ...(core ? localActivities(deps) : {}), ...(model ? modelActivities(deps) : {}) },
    // Local ones are executed in the process of their run, and come by no queue.
    enableNonLocalActivities: model,
    maxConcurrentActivityTaskExecutions: worker.modelSlots,
  };
  const books = { taskQueue: queueFor("core"), activities: coreActivities(deps) };
  const tools: QueueOptions = {
    taskQueue: queueFor("tools"),
    activities: toolActivities(deps),
    maxConcurrentActivityTaskExecutions: worker.toolSlots,
  };
  return [
    ...(core || model ? [runsAndCalls] : []),
    ...(core ? [books] : []),
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
