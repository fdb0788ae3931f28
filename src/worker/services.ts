// What a worker has open beside its queues: the way to Temporal and to Postgres, signs of life, books, and what its
// activities work with. The same for a worker of ours and for one of somebody else's that serves runs too.

import type { Worker } from "@temporalio/worker";
import { tryFilesFolder, type FilesFolder } from "../../activities/files-folder.ts";
import type { ActivityDeps } from "../../activities/index.ts";
import type { RunningAttempts } from "../../activities/running-attempts.ts";
import type { Config } from "../config.ts";
import type { Duty } from "../domain/duty.ts";
import { sandboxOf } from "../sandbox/choose-sandbox.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { migrate } from "../store/migrate.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { ensureSearchAttributes } from "../temporal/search-attributes.ts";
import { createDeps, type WorkerSkills } from "./activity-deps.ts";
import { checkAtStart } from "./check-at-start.ts";
import { fatesIn } from "./ended-when.ts";
import { hearStops } from "./hear-stops.ts";
import { keepBooks } from "./keep-books.ts";
import { leaveInTime } from "./leave-in-time.ts";
import { openProject } from "./own-project.ts";
import { patiently } from "./patience.ts";
import { required } from "./required.ts";
import { keepForgetting } from "./retention.ts";
import { keepRollingUp } from "./roll-up.ts";
import { isLeaving, type Server } from "./served-queues.ts";
import { openSigns } from "./signs-of-life.ts";
import { keepSweeping } from "./sweep.ts";
import { tellOfFiles } from "./tell-of-files.ts";
import { tellingOfFaults, tellOfSandbox } from "./tell-of-sandbox.ts";
import { withdrawSecrets } from "./withdraw-secrets.ts";

/** A way to Temporal that is ended with the services. */
export interface Reached extends Server {
  close(): unknown;
}

export interface ServicesTerms extends WorkerSkills {
  readonly duties: readonly Duty[];
  readonly connect: () => Promise<Reached>;
  /** Emptied of secrets once they have been read. */
  readonly ownEnv?: NodeJS.ProcessEnv;
  /** See WorkerTerms. */
  readonly projectReport?: string;
}

export interface Services {
  readonly server: Server;
  readonly deps: ActivityDeps;
  readonly running: RunningAttempts;
  /** Looks after what is under way, from now on. */
  attend(workers: readonly Worker[]): void;
  /** For workers that have ended. What fails in it must not hide why it all ends. */
  close(): Promise<void>;
}

type Closer = () => unknown;

/** Waits for servers that are not there yet. Throws PawlError CONFIG, and leaves nothing open then. */
export async function openServices(
  config: Config,
  telemetry: Telemetry,
  terms: ServicesTerms,
): Promise<Services> {
  /** Done at the end, the last one first. */
  const closers: Closer[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closeQuietly(closer);
  };
  try {
    return await opened(config, telemetry, { ...terms, closers, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opening extends ServicesTerms {
  readonly closers: Closer[];
  readonly close: () => Promise<void>;
}

async function opened(
  config: Config,
  telemetry: Telemetry,
  { duties, connect, closers, close, ownEnv = {}, projectReport, ...skills }: Opening,
): Promise<Services> {
  const where = required("DATABASE_URL", config.database.access);
  const onWait = (message: string): void =>
    telemetry.emit({ event: "worker_waiting", code: "BACKEND_UNREACHABLE", message });
  await patiently(telemetry, () => migrate(where, { onWait }));
  const server = await patiently(telemetry, connect);
  closers.push(() => server.close());
  const { connection, namespace } = server;
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
  const askSandbox = tellingOfFaults(sandboxOf(config.tools.sandboxMinTier), telemetry);
  const given = { db, duties, files, askSandbox, project, ...skills };
  const deps = { ...createDeps(config, telemetry, given), ...signs };
  closers.push(() => deps.deltas.close());
  closers.push(() => Promise.all(deps.toolSources.map(async (it) => await it.close?.())));
  await patiently(telemetry, async () => {
    await tellOfFiles(files, await signs.lease.sure(), { db, telemetry });
  });
  await checkAtStart(deps, skills.agents);
  const books = await patiently(telemetry, () => keepBooks(db, deps));
  closers.push(() => books.stop());
  if (duties.includes("tools")) {
    const leaseId = await signs.lease.sure();
    void tellOfSandbox({ ask: askSandbox, agents: deps.agents, db, telemetry, leaseId });
  }
  const { running } = signs;
  return {
    server,
    deps,
    running,
    attend(workers) {
      const hearing = hearStops(signs.stops, running);
      const graceMs = config.process.shutdownGraceMs;
      const leaving = leaveInTime(() => workers.some(isLeaving), { running, graceMs, telemetry });
      closers.push(
        () => hearing.stop(),
        () => leaving.stop(),
      );
      if (servesRuns) closers.push(keepClean({ db, ...server }, deps));
    },
    close,
  };
}

async function closeQuietly(close: Closer): Promise<void> {
  try {
    await close();
  } catch {
    // It must not hide why it all ends.
  }
}

async function filesFor(duties: readonly Duty[], config: Config): Promise<FilesFolder> {
  return duties.includes("tools") ? await tryFilesFolder(config) : { kind: "elsewhere" };
}

interface Places extends Server {
  readonly db: Database;
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
