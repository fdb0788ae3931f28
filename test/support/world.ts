// Everything a run needs, for real, and nothing of another suite in it: a namespace and a database of the
// servers that all suites share, an offline model, and workers that can be killed. A suite that ends or
// restarts a server brings its own. Timers are seconds where people use minutes.

import { packageFile } from "../../src/package-root.ts";
import { connect } from "../../src/client/connect.ts";
import { createRunClient, type RunClient } from "../../src/client/run-client.ts";
import { readConfig } from "../../src/config.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { startModelWorld, type ModelWorld } from "./offline-model.ts";
import type { DatabaseServer } from "./postgres.ts";
import { startProcess, type Process } from "./processes.ts";
import { ownDatabase, ownNamespace, type OwnNamespace } from "./shared-servers.ts";

export interface World {
  readonly temporal: OwnNamespace;
  readonly model: ModelWorld;
  readonly database: DatabaseServer;
  readonly db: Database;
  readonly client: RunClient;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves when it polls. */
  /** `main`: another program than the world's own. */
  startWorker(env?: NodeJS.ProcessEnv, main?: string): Promise<Process>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** A server that the test has started and will stop, instead of a namespace of the shared one. */
  readonly temporal?: OwnNamespace;
  /** The same for the database. */
  readonly database?: DatabaseServer;
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
  // Tests name whom they like; tenants.test.ts says who is refused else.
  PAWL_OPEN_TENANTS: "1",
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
  const ended = async <T>(starting: Promise<T>, end: (it: T) => Promise<unknown>): Promise<T> => {
    const started = await starting;
    closers.push(() => end(started));
    return started;
  };
  const parts = [
    givenOr(options.database, () => ended(ownDatabase(), (it) => it.stop())),
    givenOr(options.temporal, ownNamespace),
    ended(startModelWorld(options.chunkDelayMs), (it) => it.process.kill()),
  ] as const;
  // Where one fails, the others have started when all is closed.
  await Promise.allSettled(parts);
  const [database, temporal, model] = await Promise.all(parts);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    DATABASE_URL: database.url,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: "offline",
    PAWL_OFFLINE_MODEL: "1",
    ...FAST,
    ...options.env,
  };
  const { workerMain = WORKER_MAIN } = options;
  const startWorker = async (
    extra: NodeJS.ProcessEnv = {},
    main: string = workerMain,
  ): Promise<Process> => {
    const entry = packageFile(main);
    const worker = startProcess(process.execPath, [entry], { env: { ...env, ...extra } });
    closers.push(() => worker.kill());
    await worker.line("worker_ready");
    return worker;
  };
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

async function givenOr<T>(given: T | undefined, start: () => Promise<T>): Promise<T> {
  return given ?? (await start());
}
