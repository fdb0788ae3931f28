// A worker: takes runs from the task queues until it is told to stop. Any number of them may run,
// start and die at any time; nothing of a run lives here alone.

import type { NativeConnection } from "@temporalio/worker";
import { tryFilesFolder, type FilesFolder } from "../../activities/files-folder.ts";
import type { ActivityDeps } from "../../activities/index.ts";
import type { Config } from "../config.ts";
import { DUTIES, type Duty } from "../domain/duty.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { accessByEnvironment } from "../temporal/access.ts";
import { ensureSearchAttributes } from "../temporal/search-attributes.ts";
import { openWorkerConnection } from "../temporal/worker-connection.ts";
import { createDeps, type WorkerSkills } from "./activity-deps.ts";
import { fatesIn } from "./ended-when.ts";
import { hearStops } from "./hear-stops.ts";
import { keepBooks } from "./keep-books.ts";
import { leaveInTime } from "./leave-in-time.ts";
import { patiently } from "./patience.ts";
import { withoutPromiseHook } from "./promise-hook.ts";
import { required } from "./required.ts";
import { keepForgetting } from "./retention.ts";
import { keepRollingUp } from "./roll-up.ts";
import { installRuntime } from "./runtime.ts";
import { createWorkers, isLeaving, serve, SHUTDOWN_GRACE_MS } from "./served-queues.ts";
import { openSigns } from "./signs-of-life.ts";
import { keepSweeping } from "./sweep.ts";
import { checkAtStart } from "./check-at-start.ts";
import { tellOfFiles } from "./tell-of-files.ts";
import { withdrawSecrets } from "./withdraw-secrets.ts";

export interface WorkerTerms extends WorkerSkills {
  /** All of it, where nothing is said. */
  readonly only?: Duty;
  /** Of a process that is the worker's own: emptied of secrets before the first tool runs. */
  readonly ownEnv?: NodeJS.ProcessEnv;
}

/** Serves until SIGTERM or SIGINT; then finishes what it can within its grace time. */
export async function runWorker(
  config: Config,
  telemetry: Telemetry,
  { only, ownEnv = {}, ...skills }: WorkerTerms = {},
): Promise<void> {
  const duties = only === undefined ? DUTIES : [only];
  installRuntime(telemetry);
  const where = required("DATABASE_URL", config.database.access);
  const onWait = (message: string): void =>
    telemetry.emit({ event: "worker_waiting", code: "BACKEND_UNREACHABLE", message });
  await patiently(telemetry, () => migrate(where, { onWait }));
  const db = openDatabase(where, { connectionsMax: config.database.maxConnections });
  const signs = openSigns(where, config.timers.heartbeatTimeoutMs, telemetry);
  const access = accessByEnvironment(config.temporal.namespace);
  const { namespace } = access;
  const connection = await patiently(telemetry, () => openWorkerConnection(access));
  withdrawSecrets(ownEnv);
  const servesRuns = duties.includes("core");
  if (servesRuns) await ensureSearchAttributes(connection.operatorService, namespace);
  const files = await filesFor(duties, config);
  const deps = { ...createDeps(config, telemetry, { db, duties, files, ...skills }), ...signs };
  await patiently(telemetry, async () => {
    await tellOfFiles(files, await signs.lease.sure(), { db, telemetry });
  });
  await checkAtStart(deps);
  const books = await patiently(telemetry, () => keepBooks(db, deps));
  const create = () => createWorkers({ connection, namespace }, deps, duties);
  const workers = await (config.worker.stackTraces ? create() : withoutPromiseHook(create));
  const hearing = hearStops(signs.stops, signs.running);
  const leaving = leaveInTime(() => workers.some(isLeaving), signs.running, SHUTDOWN_GRACE_MS);
  const stopCleaning = servesRuns ? keepClean({ db, connection, namespace }, deps) : () => {};
  try {
    const serving = serve(workers);
    telemetry.emit({ event: "worker_ready", taskQueue: config.temporal.taskQueue, duties });
    await serving;
  } finally {
    stopCleaning();
    for (const watch of [books, hearing, leaving]) watch.stop();
    await deps.deltas.close();
    await signs.end();
    await db.end();
    await connection.close();
  }
}

async function filesFor(duties: readonly Duty[], config: Config): Promise<FilesFolder> {
  return duties.includes("tools") ? await tryFilesFolder(config) : { kind: "elsewhere" };
}

interface Places {
  readonly db: Database;
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** What is done beside the queues, now and then, until what this returns is called. */
function keepClean({ db, connection, namespace }: Places, deps: ActivityDeps): () => void {
  const { config, telemetry } = deps;
  const fateOf = fatesIn(connection, namespace);
  const ends = [
    keepSweeping(db, deps),
    keepRollingUp(db, telemetry),
    keepForgetting({ db, keepDays: config.database.keepDays, fateOf }, telemetry),
  ];
  return () => {
    for (const end of ends) end();
  };
}
