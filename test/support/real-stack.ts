// What docker-compose.yml describes, without containers: PostgreSQL with the roles of deploy/, Temporal's own server
// on it, its namespace, Pawl's tables and rights. Each is made by the script that compose runs, as it stands, with
// the environment that compose gives it but for hosts and ports.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageFile } from "../../src/package-root.ts";
import { servesNamespace } from "../../src/dev/temporal-client.ts";
import { localAccess } from "../../src/temporal/access.ts";
import { environmentOf } from "./compose.ts";
import { startPostgres, type PostgresServer } from "./postgres.ts";
import { until } from "./processes.ts";
import { asAdmin, databaseAt, type OwnNamespace } from "./shared-servers.ts";
import { pathWithServer, prepareServer, type TemporalServer } from "./temporal-server.ts";
import { openWorld, type World } from "./world.ts";

const run = promisify(execFile);

export type Role = "owner" | "worker" | "gateway" | "operator";

export interface RealStack {
  readonly postgres: PostgresServer;
  readonly server: TemporalServer;
  readonly temporal: OwnNamespace;
  urlOf(role: Role): string;
  /** Until the server serves the namespace. */
  isBack(): Promise<unknown>;
  /** One of `deploy/`, as compose runs it. */
  script(name: "setup-schema.sh" | "create-namespace.sh", env?: NodeJS.ProcessEnv): Promise<string>;
  /** The `temporal` command. */
  command(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

export async function startRealStack(namespace = "pawl"): Promise<RealStack> {
  const PATH = await pathWithServer();
  const dir = await mkdtemp(join(tmpdir(), "pawl-real-"));
  const postgres = await startPostgres({ fsync: true });
  const { hostname, port } = new URL(postgres.url);
  const psql = { PATH, PGHOST: hostname, PGPORT: port };
  const passwords = await madePasswords(PATH);
  await asAdmin(postgres.url, "create database pawl");
  await sh("create-roles.sh", {
    ...psql,
    ...environmentOf("postgres", passwords),
    POSTGRES_USER: "postgres",
  });

  const server = await prepareServer(
    {
      ...environmentOf("temporal", passwords),
      ...{ POSTGRES_SEEDS: hostname, DB_PORT: port, LOG_LEVEL: "error" },
      DYNAMIC_CONFIG_FILE_PATH: packageFile("deploy/dynamic-config.yaml"),
    },
    dir,
  );
  const temporal = { address: server.address, namespace };
  const client = { PATH, TEMPORAL_ADDRESS: server.address, TEMPORAL_NAMESPACE: namespace };
  const tables = {
    ...environmentOf("temporal-schema", passwords),
    SQL_HOST: hostname,
    SQL_PORT: port,
  };
  const urlOf = (role: Role): string =>
    Object.assign(new URL(databaseAt(postgres.url, "pawl")), { username: `pawl_${role}` }).href;
  const stack: RealStack = {
    postgres,
    server,
    temporal,
    urlOf,
    isBack: () =>
      until(
        "Temporal serves its namespace",
        () => servesNamespace(localAccess(temporal.address, namespace)),
        120_000,
      ),
    script: (name, env) => sh(name, { ...client, PATH, ...tables, ...env }),
    command: async (...args) => (await run("temporal", args, { env: client })).stdout,
    close: async () => {
      await server.kill();
      await postgres.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    await stack.script("setup-schema.sh");
    await server.start();
    await stack.script("create-namespace.sh");
    const migrate = [packageFile("bin/pawl.js"), "migrate"];
    await run(process.execPath, migrate, { env: { PATH, DATABASE_URL: urlOf("owner") } });
    const rights = ["-v", "ON_ERROR_STOP=1", "-f", packageFile("deploy/grant-rights.sql")];
    await run("psql", [...rights, urlOf("owner")], { env: psql });
  } catch (error) {
    await stack.close();
    throw error;
  }
  return stack;
}

/** Workers as the worker's role, and the test as an operator. */
export async function openRealWorld(
  stack: RealStack,
  options: { readonly env?: NodeJS.ProcessEnv; readonly chunkDelayMs?: number } = {},
): Promise<World> {
  return await openWorld({
    ...options,
    temporal: stack.temporal,
    database: { url: stack.urlOf("operator"), stop: () => Promise.resolve() },
    env: { DATABASE_URL: stack.urlOf("worker"), ...options.env },
  });
}

async function madePasswords(PATH: string): Promise<Record<string, string>> {
  const made = await sh("make-passwords.sh", { PATH });
  const lines = made.trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split("=", 2) as [string, string]));
}

async function sh(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run("sh", [packageFile(`deploy/${name}`)], { env });
  return stdout;
}
