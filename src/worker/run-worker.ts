// A worker: takes runs from the task queues until it is told to stop. Any number of them may run,
// start and die at any time; nothing of a run lives here alone.

import type { NativeConnection } from "@temporalio/worker";
import { tryFilesFolder, type FilesFolder } from "../../activities/files-folder.ts";
import type { ActivityDeps } from "../../activities/index.ts";
import type { Config } from "../config.ts";
import { DUTIES, type Duty } from "../domain/duty.ts";
import { hearHangups } from "../process/hangups.ts";
import { checkRoom, type Need } from "../process/room.ts";
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
import { openProject } from "./own-project.ts";
import { withoutPromiseHook } from "./promise-hook.ts";
import { required } from "./required.ts";
import { keepForgetting } from "./retention.ts";
import { keepRollingUp } from "./roll-up.ts";
import { installRuntime } from "./runtime.ts";
import { createWorkers, isLeaving, serve } from "./served-queues.ts";
import { openSigns } from "./signs-of-life.ts";
import { keepSweeping } from "./sweep.ts";
import { checkAtStart } from "./check-at-start.ts";
import { tellBuild } from "./tell-build.ts";
import { tellOfFiles } from "./tell-of-files.ts";
import { withdrawSecrets } from "./withdraw-secrets.ts";

export interface WorkerTerms extends WorkerSkills {
  /** All of it, where nothing is said. */
  readonly only?: Duty;
  /** Of the local stack: the project folder is loaded again when it changes, and what was loaded is told here. */
  readonly projectReport?: string;
  /** Of a process that is the worker's own: emptied of secrets before the first tool runs. */
  readonly ownEnv?: NodeJS.ProcessEnv;
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
  const closers: Closer[] = [() => hangups.stop()];
  try {
    await serveDuties(config, telemetry, { ...terms, duties, closers });
  } finally {
    for (const close of closers.toReversed()) await closeQuietly(close);
  }
}

type Closer = () => unknown;

async function closeQuietly(close: Closer): Promise<void> {
  try {
    await close();
  } catch {
    // It must not hide why it all ends.
  }
}

interface Serving extends WorkerTerms {
  readonly duties: readonly Duty[];
  /** Done at the end, the last one first. */
  readonly closers: Closer[];
}

async function serveDuties(
  config: Config,
  telemetry: Telemetry,
  { duties, closers, ownEnv = {}, projectReport, ...skills }: Serving,
): Promise<void> {
  installRuntime(telemetry);
  const where = required("DATABASE_URL", config.database.access);
  const onWait = (message: string): void =>
    telemetry.emit({ event: "worker_waiting", code: "BACKEND_UNREACHABLE", message });
  await patiently(telemetry, () => migrate(where, { onWait }));
  const access = accessByEnvironment(config.temporal.namespace);
  const { namespace } = access;
  const connection = await patiently(telemetry, () => openWorkerConnection(access));
  closers.push(() => connection.close());
  const db = openDatabase(where, { connectionsMax: config.database.maxConnections });
  closers.push(() => db.end());
  const signs = openSigns(where, config.timers.heartbeatTimeoutMs, telemetry);
  closers.push(() => signs.end());
  withdrawSecrets(ownEnv);
  const servesRuns = duties.includes("core");
  if (servesRuns) await ensureSearchAttributes(connection.operatorService, namespace);
  const files = await filesFor(duties, config);
  const { tools = [] } = skills;
  // Its code runs from here on: there are no secrets left for it to find.
  const isNeeded = duties.some((duty) => duty !== "model");
  const project = isNeeded
    ? await openProject(config, telemetry, { tools, reportFile: projectReport })
    : null;
  closers.push(() => project?.stop());
  const given = { db, duties, files, project, ...skills };
  const deps = { ...createDeps(config, telemetry, given), ...signs };
  closers.push(() => deps.deltas.close());
  closers.push(() => Promise.all(deps.toolSources.map(async (it) => await it.close?.())));
  await patiently(telemetry, async () => {
    await tellOfFiles(files, await signs.lease.sure(), { db, telemetry });
  });
  await checkAtStart(deps);
  const books = await patiently(telemetry, () => keepBooks(db, deps));
  closers.push(() => books.stop());
  const create = () => createWorkers({ connection, namespace }, deps, duties);
  const workers = await (config.worker.stackTraces ? create() : withoutPromiseHook(create));
  const { running } = signs;
  const graceMs = config.process.shutdownGraceMs;
  const hearing = hearStops(signs.stops, running);
  const leaving = leaveInTime(() => workers.some(isLeaving), { running, graceMs, telemetry });
  closers.push(
    () => hearing.stop(),
    () => leaving.stop(),
  );
  if (servesRuns) closers.push(keepClean({ db, connection, namespace }, deps));
  const serving = serve(workers);
  telemetry.emit({ event: "worker_ready", taskQueue: config.temporal.taskQueue, duties });
  void tellBuild({ connection, namespace, duties }, config, telemetry);
  await serving;
  telemetry.emit({ event: "worker_ended", givenUp: running.givenUp, graceMs });
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
