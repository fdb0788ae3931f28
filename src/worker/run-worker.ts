// A worker: takes runs from the task queue until it is told to stop. Any number of them may run,
// start and die at any time; nothing of a run lives here alone.

import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { DefaultLogger, Runtime, Worker } from "@temporalio/worker";
import { AGENTS, type AgentDefinition } from "../../activities/agents.ts";
import { beatEveryMs } from "../../activities/attempt.ts";
import { createActivities, type ActivityDeps } from "../../activities/index.ts";
import { RunningAttempts } from "../../activities/running-attempts.ts";
import { builtInSource } from "../../activities/tool-sources/built-in.ts";
import {
  listedTools,
  listTools,
  type ToolSource,
} from "../../activities/tool-sources/tool-source.ts";
import type { Tool } from "../../activities/tools/define-tool.ts";
import type { Config } from "../config.ts";
import { isPawlError, PawlError } from "../domain/errors.ts";
import { endingModels } from "../domain/model-end.ts";
import { anthropicBatches } from "../model/anthropic-batches.ts";
import { anthropicModel } from "../model/anthropic.ts";
import { createArtefacts } from "../store/artefacts.ts";
import { createLaneCalls } from "../store/lane-calls.ts";
import { createBatches } from "../store/batches.ts";
import { takeCostAlerts } from "../store/cost-alerts.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { createDeltaWriter } from "../store/delta-writer.ts";
import { pruneDeltas } from "../store/deltas.ts";
import { createGates } from "../store/gates.ts";
import { createLeases } from "../store/leases.ts";
import { createLedger } from "../store/ledger.ts";
import { migrate } from "../store/migrate.ts";
import { createRunRecords } from "../store/run-records.ts";
import { createStops } from "../store/stops.ts";
import { createTranscripts } from "../store/transcripts.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { temporalLines } from "../telemetry/temporal-lines.ts";
import { accessByEnvironment } from "../temporal/access.ts";
import { DATA_CONVERTER } from "../temporal/data-converter.ts";
import { ensureSearchAttributes } from "../temporal/search-attributes.ts";
import { openWorkerConnection } from "../temporal/worker-connection.ts";
import { packageFile } from "../package-root.ts";
import { BUNDLE_FILE } from "./bundle-file.ts";
import { fatesIn } from "./ended-when.ts";
import { keepBooks } from "./keep-books.ts";
import { hearStops } from "./hear-stops.ts";
import { keepLease } from "./keep-lease.ts";
import { leaveInTime } from "./leave-in-time.ts";
import { keepForgetting } from "./retention.ts";
import { keepRollingUp } from "./roll-up.ts";

const CACHED_WORKFLOWS_MAX = 500;
const SHUTDOWN_GRACE_MS = 30_000;
const SIGN_TIMEOUT_MIN_MS = 1000;
const STARTUP_PATIENCE_MS = 30_000;
const STARTUP_RETRY_MS = 200;
/** Where only names are asked for. */
const ANY_RUN = { models: [], costCapMicroUsd: 0 };
const SWEEP_EVERY_MS = 60_000;
const DELTAS_KEPT_MS = 3_600_000;

/** What a worker can do for a run besides what comes with Pawl. */
export interface WorkerSkills {
  /** One by the name of a tool of Pawl's takes its place. */
  readonly tools?: readonly Tool[];
  /** Other places to take tools from, asked after Pawl's own. */
  readonly toolSources?: readonly ToolSource[];
  /** In place of Pawl's own. */
  readonly agents?: readonly AgentDefinition[];
}

/** Serves until SIGTERM or SIGINT; then finishes what it can within its grace time. */
export async function runWorker(
  config: Config,
  telemetry: Telemetry,
  skills: WorkerSkills = {},
): Promise<void> {
  installRuntime(telemetry);
  const databaseUrl = required("DATABASE_URL", config.database.url);
  await patiently(telemetry, () => migrate(databaseUrl, { onWait: tellWait(telemetry) }));
  const db = openDatabase(databaseUrl);
  const { heartbeatTimeoutMs } = config.timers;
  // No renewal waits behind the money, or for a connection that has gone silent.
  const signs = openDatabase(databaseUrl, {
    connectionsMax: 1,
    timeoutMs: Math.max(SIGN_TIMEOUT_MIN_MS, heartbeatTimeoutMs / 3),
  });
  const access = accessByEnvironment(config.temporal.namespace);
  const { namespace } = access;
  const connection = await patiently(telemetry, () => openWorkerConnection(access));
  await ensureSearchAttributes(connection.operatorService, namespace);
  const alive = {
    lease: keepLease(createLeases(signs), heartbeatTimeoutMs, telemetry),
    stops: createStops(signs),
    running: new RunningAttempts(),
  };
  const deps = { ...createDeps(config, telemetry, { db, ...skills }), ...alive };
  await patiently(telemetry, () => alive.lease.sure());
  await warnOfUnknownTools(deps);
  warnOfEndingModels(deps);
  const books = await patiently(telemetry, () => keepBooks(db, deps));
  const worker = await Worker.create({
    connection,
    namespace,
    dataConverter: DATA_CONVERTER,
    taskQueue: config.temporal.taskQueue,
    ...workflows(),
    activities: createActivities(deps),
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    // The default of 10 s is added to every recovery after a kill.
    stickyQueueScheduleToStartTimeout: "3s",
    // Core would hold beats back for 80 % of the heartbeat timeout.
    maxHeartbeatThrottleInterval: beatEveryMs(heartbeatTimeoutMs),
    defaultHeartbeatThrottleInterval: beatEveryMs(heartbeatTimeoutMs),
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    ...versioning(config),
  });
  const isLeaving = (): boolean => ["STOPPING", "DRAINING"].includes(worker.getState());
  const watching = [
    hearStops(alive.stops, alive.running),
    leaveInTime(isLeaving, alive.running, SHUTDOWN_GRACE_MS),
  ];
  const sweeping = setInterval(() => void sweep(db, deps), SWEEP_EVERY_MS);
  const stopRollingUp = keepRollingUp(db, telemetry);
  const fateOf = fatesIn(connection, namespace);
  const stopForgetting = keepForgetting(
    { db, keepDays: config.database.keepDays, fateOf },
    telemetry,
  );
  try {
    const serving = worker.run();
    telemetry.emit({ event: "worker_ready", taskQueue: config.temporal.taskQueue });
    await serving;
  } finally {
    clearInterval(sweeping);
    stopRollingUp();
    stopForgetting();
    books.stop();
    for (const watch of watching) watch.stop();
    await deps.deltas.close();
    await alive.lease.end();
    await Promise.all([db.end(), signs.end()]);
    await connection.close();
  }
}

/** Parts of a stack start in any order; only one that stays away is an error. */
async function patiently<T>(telemetry: Telemetry, connect: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STARTUP_PATIENCE_MS;
  while (true) {
    try {
      return await connect();
    } catch (error) {
      if (!isPawlError(error) || Date.now() > deadline) throw error;
      telemetry.emit({ event: "worker_waiting", code: error.code, message: error.message });
      await delay(STARTUP_RETRY_MS);
    }
  }
}

function tellWait(telemetry: Telemetry): (message: string) => void {
  return (message) =>
    telemetry.emit({ event: "worker_waiting", code: "BACKEND_UNREACHABLE", message });
}

function createDeps(
  config: Config,
  telemetry: Telemetry,
  { db, tools = [], toolSources = [], agents = AGENTS }: WorkerSkills & { readonly db: Database },
): Omit<ActivityDeps, "lease" | "stops" | "running"> {
  const transcripts = createTranscripts(db);
  const provider = {
    apiKey: required("ANTHROPIC_API_KEY", config.provider.apiKey),
    baseUrl: config.provider.baseUrl,
    offline: config.provider.offline,
  };
  return {
    config,
    telemetry,
    providerBatches: anthropicBatches(provider),
    laneCalls: createLaneCalls(db),
    model: anthropicModel({
      ...provider,
      timers: {
        firstByteMs: config.timers.firstByteTimeoutMs,
        idleMs: config.timers.idleTimeoutMs,
        progressMs: config.timers.progressTimeoutMs,
        totalMs: config.timers.callTimeoutMs,
      },
    }),
    ledger: createLedger(db, transcripts),
    gates: createGates(db),
    transcripts,
    artefacts: createArtefacts(db),
    records: createRunRecords(db),
    batches: createBatches(db),
    deltas: createDeltaWriter(db),
    toolSources: [listedTools("own", tools), builtInSource(config), ...toolSources],
    agents,
  };
}

/** Another worker may have the tool; a slip of the pen would leave it to its permission. */
async function warnOfUnknownTools(deps: ActivityDeps): Promise<void> {
  const { config, telemetry, agents, toolSources } = deps;
  const named = Object.keys(config.tools.policy ?? {});
  if (named.length === 0) return;
  const lists = await Promise.all(
    agents.map((agent) => listTools(toolSources, { ...ANY_RUN, agent })),
  );
  const known = [...new Set(lists.flat().map(({ spec }) => spec.name))];
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) telemetry.emit({ event: "policy_unused", unknown, known });
}

function warnOfEndingModels({ config, telemetry, agents }: ActivityDeps): void {
  const { model = "", fallbackModels } = config.agent;
  const ofAgents = agents.flatMap(({ fallbacks }) => Object.values(fallbacks ?? {}).flat());
  const today = new Date().toISOString();
  for (const ending of endingModels([model, ...fallbackModels, ...ofAgents], today)) {
    telemetry.emit({ event: "model_ending", ...ending });
  }
}

/** Resolves holds whose attempt nobody will ever end, e.g. of a run that was terminated. */
async function sweep(db: Database, { ledger, telemetry }: ActivityDeps): Promise<void> {
  try {
    const lost = await ledger.sweep();
    if (lost > 0) telemetry.emit({ event: "holds_swept", lost });
    await tellOfCosts(db, telemetry);
    await pruneDeltas(db, DELTAS_KEPT_MS);
  } catch (error) {
    telemetry.emit({ event: "sweep_failed", error });
  }
}

async function tellOfCosts(db: Database, telemetry: Telemetry): Promise<void> {
  for (const alert of await takeCostAlerts(db, new Date())) {
    telemetry.emit({ event: "cost_alert", ...alert });
  }
}

function workflows(): { workflowBundle: { codePath: string } } | { workflowsPath: string } {
  return existsSync(BUNDLE_FILE)
    ? { workflowBundle: { codePath: BUNDLE_FILE } }
    : { workflowsPath: packageFile("workflows/index.ts") };
}

/** Pinned: a run in flight stays with the code it began with, a new one takes the newest. */
function versioning(config: Config): object {
  const { deploymentName, buildId } = config.temporal;
  if (deploymentName === undefined || buildId === undefined) return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: "PINNED",
    },
  };
}

/** Core's own log lines join ours; once a process, before any worker. */
function installRuntime(telemetry: Telemetry): void {
  Runtime.install({
    logger: new DefaultLogger("INFO", temporalLines(telemetry)),
    telemetryOptions: { logging: { forward: {}, filter: { core: "WARN", other: "ERROR" } } },
  });
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new PawlError(
    "CONFIG",
    `${name} is not set. A worker needs it; \`pawl dev\` starts a local stack that sets it.`,
  );
}
