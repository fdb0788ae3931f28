// A worker of the SDK for a queue of ours, with the settings that they all share.

import { existsSync } from "node:fs";
import { Worker, type NativeConnection } from "@temporalio/worker";
import { createActivities, type ActivityDeps } from "../../activities/index.ts";
import { DATA_CONVERTER } from "../temporal/data-converter.ts";
import { packageFile } from "../package-root.ts";
import { BUNDLE_FILE } from "./bundle-file.ts";

const CACHED_WORKFLOWS_MAX = 500;
const HEARTBEATS_HELD_BACK_MS = 1000;
const SHUTDOWN_GRACE_MS = 30_000;

interface Server {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

export async function serveQueue(server: Server, deps: ActivityDeps): Promise<Worker> {
  return await Worker.create({
    ...server,
    dataConverter: DATA_CONVERTER,
    taskQueue: deps.config.temporal.taskQueue,
    ...workflows(),
    activities: createActivities(deps),
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    // The default of 10 s is added to every recovery after a kill.
    stickyQueueScheduleToStartTimeout: "3s",
    // The server says with the answer to a heartbeat that a run was cancelled. Core would hold beats
    // back for 80 % of the heartbeat timeout.
    maxHeartbeatThrottleInterval: HEARTBEATS_HELD_BACK_MS,
    defaultHeartbeatThrottleInterval: HEARTBEATS_HELD_BACK_MS,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    ...versioning(deps.config.temporal),
  });
}

function workflows(): { workflowBundle: { codePath: string } } | { workflowsPath: string } {
  return existsSync(BUNDLE_FILE)
    ? { workflowBundle: { codePath: BUNDLE_FILE } }
    : { workflowsPath: packageFile("workflows/index.ts") };
}

/** Pinned: a run in flight stays with the code it began with, a new one takes the newest. */
function versioning({ deploymentName, buildId }: ActivityDeps["config"]["temporal"]): object {
  if (deploymentName === undefined || buildId === undefined) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: "PINNED",
    },
  };
}
