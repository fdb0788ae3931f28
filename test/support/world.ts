// Everything a run needs, for real: Temporal, a database, the offline model, and workers that can be
// killed. Timers are seconds where people use minutes.

import { packageFile } from "../../src/package-root.ts";
import { connect } from "../../src/client/connect.ts";
import { createRunClient, type RunClient } from "../../src/client/run-client.ts";
import { readConfig } from "../../src/config.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { startModelWorld, type ModelWorld } from "./offline-model.ts";
import { startPglite } from "./pglite.ts";
import { startPostgres, type DatabaseServer } from "./postgres.ts";
import { startProcess, type Process } from "./processes.ts";
import { startTemporalWorld, type TemporalWorld } from "./temporal.ts";

export interface World {
  readonly temporal: TemporalWorld;
  readonly model: ModelWorld;
  readonly database: DatabaseServer;
  readonly db: Database;
  readonly client: RunClient;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves when it polls. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<Process>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Or one that the test has started and will stop. */
  readonly database?: "pglite" | "postgres" | DatabaseServer;
  readonly env?: NodeJS.ProcessEnv;
  readonly chunkDelayMs?: number;
  /** Another program than `pawl worker`, in this repository. */
  readonly workerMain?: string;
}

export const HEARTBEAT_TIMEOUT_MS = 2000;

const FAST: NodeJS.ProcessEnv = {
  PAWL_HEARTBEAT_TIMEOUT_MS: String(HEARTBEAT_TIMEOUT_MS),
  PAWL_FIRST_BYTE_TIMEOUT_MS: "3000",
  PAWL_IDLE_TIMEOUT_MS: "1500",
  PAWL_PROGRESS_TIMEOUT_MS: "2500",
  PAWL_CALL_TIMEOUT_MS: "30000",
  PAWL_TOOL_TIMEOUT_MS: "10000",
  PAWL_RETRY_INITIAL_MS: "100",
  // Tests of limits count calls; wrap-up.test.ts has it on, as users do.
  PAWL_WRAP_UP: "0",
};

const WORKER_MAIN = "dist/src/worker/main.js";

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: WorldOptions,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<World> {
  const database = await databaseOf(options, closers);
  const temporal = await startTemporalWorld();
  closers.push(() => temporal.close());
  const model = await startModelWorld(options.chunkDelayMs);
  closers.push(() => model.process.kill());
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: database.url,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "offline",
    PAWL_OFFLINE_MODEL: "1",
    ...FAST,
    ...options.env,
  };
  const main = packageFile(options.workerMain ?? WORKER_MAIN);
  const startWorker = async (extra: NodeJS.ProcessEnv = {}): Promise<Process> => {
    const worker = startProcess(process.execPath, [main], { env: { ...env, ...extra } });
    closers.push(() => worker.kill());
    await worker.line("worker_ready");
    return worker;
  };
  // The first worker registers the search attributes that a start needs.
  await (await startWorker()).stop();
  const connected = await connect(readConfig(env), {
    temporalAddress: temporal.address,
    databaseUrl: database.url,
  });
  closers.push(() => connected.close());
  const db = openDatabase(database.url);
  closers.push(() => db.end());
  return {
    temporal,
    model,
    database,
    db,
    env,
    startWorker,
    client: createRunClient(connected),
    close,
  };
}

async function databaseOf(
  { database = "pglite" }: WorldOptions,
  closers: (() => Promise<unknown>)[],
): Promise<DatabaseServer> {
  if (typeof database === "object") return database;
  const server = await (database === "postgres" ? startPostgres() : startPglite());
  closers.push(() => server.stop());
  return server;
}
