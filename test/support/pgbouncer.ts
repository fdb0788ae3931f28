// pgbouncer in front of a PostgreSQL, where this machine has it (Debian's package `pgbouncer`).

import { existsSync } from "node:fs";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { unprivilegedAccount } from "./postgres.ts";
import { freePort, startProcess, type Process } from "./processes.ts";

export interface PgbouncerOptions {
  readonly mode: "session" | "transaction" | "statement";
  readonly poolSize: number;
  /** Lines for its section. */
  readonly more?: readonly string[];
}

export interface Pgbouncer {
  /** Of the same database, by way of it. */
  readonly url: string;
  /** All connections are cut; `start` has it back. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = "pgbouncer";

/** Undefined where there is none. */
export function findPgbouncer(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, NAME)).find((file) => existsSync(file));
}

export async function startPgbouncer(
  databaseUrl: string,
  options: PgbouncerOptions,
): Promise<Pgbouncer> {
  const binary = findPgbouncer();
  if (binary === undefined) throw new Error("no pgbouncer: install the package of that name");
  const account = await unprivilegedAccount();
  const dir = await mkdtemp(join(tmpdir(), "pawl-pgbouncer-"));
  const file = join(dir, "pgbouncer.ini");
  const port = await freePort();
  await writeFile(file, settings(new URL(databaseUrl), port, options));
  if (account !== undefined) {
    for (const path of [dir, file]) await chown(path, account.uid, account.gid);
  }
  let bouncer: Process | null = null;
  const start = async (): Promise<void> => {
    bouncer = startProcess(binary, [file], { ...account, cwd: dir });
    await bouncer.line("process up");
  };
  await start();
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: "127.0.0.1", port: String(port) }).href,
    start,
    crash: async () => {
      await bouncer?.kill();
    },
    stop: async () => {
      await bouncer?.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

function settings(
  { hostname, port, username }: URL,
  ownPort: number,
  { mode, poolSize, more = [] }: PgbouncerOptions,
): string {
  return [
    "[databases]",
    `* = host=${hostname} port=${port} user=${username}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${ownPort}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    `default_pool_size = ${poolSize}`,
    "max_client_conn = 500",
    ...more,
    "",
  ].join("\n");
}
