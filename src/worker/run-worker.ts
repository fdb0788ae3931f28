// A worker: takes runs from the task queues until it is told to stop. Any number of them may run,
// start and die at any time; nothing of a run lives here alone.

import type { Worker } from "@temporalio/worker";
import type { ActivityDeps } from "../../activities/index.ts";
import { hearHangups } from "../process/hangups.ts";
import { checkRoom, type Need } from "../process/room.ts";
import type { Config } from "../config.ts";
import { DUTIES, type Duty } from "../domain/duty.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { accessByEnvironment } from "../temporal/access.ts";
import { openWorkerConnection } from "../temporal/worker-connection.ts";
import type { WorkerSkills } from "./activity-deps.ts";
import { withoutPromiseHook } from "./promise-hook.ts";
import { required } from "./required.ts";
import { installRuntime } from "./runtime.ts";
import { createWorkers, endAll, serve } from "./served-queues.ts";
import { openServices, type Reached } from "./services.ts";
import { tellBuild } from "./tell-build.ts";

export interface WorkerTerms extends WorkerSkills {
  /** All of it, where nothing is said. */
  readonly only?: Duty;
  /** Of the local stack: the project folder is loaded again when it changes, and what was loaded is told here. */
  readonly projectReport?: string;
  /** Of a process that is the worker's own: emptied of secrets before the first tool runs. */
  readonly ownEnv?: NodeJS.ProcessEnv;
  /** How Temporal is reached: `TEMPORAL_*`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends it, as SIGTERM does. */
  readonly signal?: AbortSignal;
  readonly onReady?: () => void;
}

/** Serves until SIGTERM or SIGINT; then finishes what it can within its grace time. */
export async function runWorker(
  config: Config,
  telemetry: Telemetry,
  terms: WorkerTerms = {},
): Promise<void> {
  const duties = terms.only === undefined ? DUTIES : [terms.only];
  checkRoom(needOf(config, duties), (message) =>
    telemetry.emit({ event: "memory_tight", message }),
  );
  const hangups = hearHangups(config.log, telemetry);
  try {
    await serveDuties(config, telemetry, { ...terms, duties });
  } finally {
    hangups.stop();
  }
}

interface Serving extends WorkerTerms {
  readonly duties: readonly Duty[];
}

async function serveDuties(
  config: Config,
  telemetry: Telemetry,
  { env = process.env, signal, onReady, ...terms }: Serving,
): Promise<void> {
  installRuntime(telemetry);
  const { duties } = terms;
  required("DATABASE_URL", config.database.access);
  const connect = () => reach(config, env);
  const services = await openServices(config, telemetry, { ...terms, connect });
  const { deps, running, server } = services;
  const create = () => createWorkers(server, deps, duties);
  try {
    const workers = await (config.worker.stackTraces ? create() : withoutPromiseHook(create));
    services.attend(workers);
    const serving = serve(workers);
    signal?.addEventListener("abort", () => leave(workers, deps));
    if (signal?.aborted === true) leave(workers, deps);
    telemetry.emit({ event: "worker_ready", taskQueue: config.temporal.taskQueue, duties });
    onReady?.();
    void tellBuild({ ...server, duties }, config, telemetry);
    await serving;
    const graceMs = config.process.shutdownGraceMs;
    telemetry.emit({ event: "worker_ended", givenUp: running.givenUp, graceMs });
  } finally {
    await services.close();
  }
}

async function reach(config: Config, env: NodeJS.ProcessEnv): Promise<Reached> {
  const access = accessByEnvironment(config.temporal.namespace, env);
  const connection = await openWorkerConnection(access);
  return { connection, namespace: access.namespace, close: () => connection.close() };
}

/** As a signal has it: no new hold, and what is under way is booked to the end. */
function leave(workers: readonly Worker[], { ledger }: Pick<ActivityDeps, "ledger">): void {
  ledger.holdNoMore();
  endAll(workers);
}

/** Connections and files besides those of its calls, threads of workflows among them. */
const OWN_FILES = 80;
const HEAP_MB = 96;

function needOf({ worker, database }: Config, duties: readonly Duty[]): Need {
  const models = duties.includes("model") ? worker.modelSlots : 0;
  const tools = duties.includes("tools") ? worker.toolSlots : 0;
  return {
    what: `a worker with ${models} model calls and ${tools} tool calls at once`,
    files: OWN_FILES + database.maxConnections + models + tools,
    heapMb: HEAP_MB,
    orLess: "; or lower PAWL_MODEL_SLOTS and PAWL_TOOL_SLOTS",
  };
}
