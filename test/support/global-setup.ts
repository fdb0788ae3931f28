// Before the first suite that needs them, once for all: `dist` is built if it is stale, and one Temporal
// and one PostgreSQL are started, whose template database is migrated.

import { rm, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTemporal } from "../../src/dev/find-temporal.ts";
import { migrate } from "../../src/store/migrate.ts";
import { findPostgres } from "./find-postgres.ts";
import { freshBuild } from "./fresh-build.ts";
import { startPostgres, type PostgresServer } from "./postgres.ts";
import { announce, asAdmin, databaseAt, TEMPLATE } from "./shared-servers.ts";
import { SERVER_FLAGS } from "./temporal.ts";

const closers: (() => Promise<unknown>)[] = [];

/** For global-teardown.ts. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}

async function setUp(): Promise<void> {
  await freshBuild();

  // Without PostgreSQL, the suites that need it are skipped, and say so.
  if (findPostgres() === undefined) return;
  try {
    const [temporalAddress, { url }] = await Promise.all([startTemporal(), startMigrated()]);
    announce({ temporalAddress, postgresUrl: url });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function startTemporal(): Promise<string> {
  const { path } = await findTemporal(process.env, (line) => process.stderr.write(`${line}\n`));
  // Loaded by those who need it: it brings the SDK's native part.
  const { TestWorkflowEnvironment } = await import("@temporalio/testing");
  const { Runtime } = await import("@temporalio/worker");
  // Ctrl-C is jest's.
  Runtime.install({ shutdownSignals: [] });
  const dir = await mkdtemp(join(tmpdir(), "pawl-temporal-"));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: "existing-path", path },
      dbFilename: join(dir, "temporal.db"),
      // What it refuses is answered to those who asked; its log would stand between the suites.
      log: { format: "pretty", level: "never" },
      extraArgs: SERVER_FLAGS,
    },
  });
  closers.push(() => environment.teardown());
  return environment.address;
}

async function startMigrated(): Promise<PostgresServer> {
  const server = await startPostgres();
  closers.push(() => server.stop());
  await asAdmin(server.url, `create database ${TEMPLATE}`);
  await migrate(databaseAt(server.url, TEMPLATE));
  return server;
}

export default setUp;
