// A PostgreSQL of its own: a fresh cluster in a temp dir on a free port, without fsync. Nearly all suites
// share one and take a database of it (shared-servers.ts); those that crash it start theirs.

import { execFile } from "node:child_process";
import { chown, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { findPostgres } from "./find-postgres.ts";
import { freePort, startProcess, until, type Process } from "./processes.ts";

export interface DatabaseServer {
  readonly url: string;
  /** Of a server of one's own: its first process, for who measures. */
  readonly pid?: number;
  stop(): Promise<void>;
}

export interface PostgresServer extends DatabaseServer {
  /** Of its Unix socket. */
  readonly socketFolder: string;
  readonly port: number;
  /** From the next connection on: the certificate, and who may come in how (pg_hba.conf). */
  configure(door: Door): Promise<void>;
  /** As after a crash: no shutdown, all connections cut. `start` recovers. */
  crash(): Promise<void>;
  start(): Promise<void>;
}

/** Files by path; they are copied, since the server wants a key to be its own. */
export interface Door {
  readonly cert?: string;
  readonly key?: string;
  /** Whose certificates clients may show. */
  readonly clientAuthority?: string;
  readonly hba?: readonly string[];
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);

export async function startPostgres(
  options: { readonly fsync?: boolean; readonly door?: Door } = {},
): Promise<PostgresServer> {
  const account = await unprivilegedAccount();
  const dir = await mkdtemp(join(tmpdir(), "pawl-postgres-"));
  if (account !== undefined) await chown(dir, account.uid, account.gid);
  const as = { ...account, cwd: dir };
  const bin = await runnableBinaries(dir, as);
  const data = join(dir, "data");
  await run(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    as,
  );
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const args = [
    ...["-D", data, ...settings(port, dir, options.fsync === true)],
    ...(options.door?.cert === undefined ? [] : ["-c", "ssl=on"]),
    ...(options.door?.clientAuthority === undefined ? [] : ["-c", "ssl_ca_file=root.crt"]),
  ];
  await furnish(data, options.door ?? {}, account);
  let server: Process | null = null;
  const crash = async (): Promise<void> => {
    server?.signal("SIGQUIT");
    await server?.ended;
    server = null;
  };
  const start = async (): Promise<void> => {
    server = startProcess(join(bin, "postgres"), args, as);
    await Promise.race([until("PostgreSQL answers", () => answers(url), 60_000), died(server)]);
  };
  await start();
  return {
    url,
    port,
    socketFolder: dir,
    configure: async (door) => {
      await furnish(data, door, account);
      server?.signal("SIGHUP");
    },
    get pid() {
      return server?.pid ?? 0;
    },
    start,
    crash,
    stop: async () => {
      await crash();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function furnish(data: string, door: Door, account: Account | undefined): Promise<void> {
  const put = async (name: string, content: Buffer | string): Promise<void> => {
    const path = join(data, name);
    await writeFile(path, content, { mode: 0o600 });
    if (account !== undefined) await chown(path, account.uid, account.gid);
  };
  if (door.cert !== undefined) await put("server.crt", await readFile(door.cert));
  if (door.key !== undefined) await put("server.key", await readFile(door.key));
  if (door.clientAuthority !== undefined)
    await put("root.crt", await readFile(door.clientAuthority));
  if (door.hba !== undefined) await put("pg_hba.conf", `${door.hba.join("\n")}\n`);
}

function settings(port: number, dir: string, fsync: boolean): string[] {
  return [
    `port=${port}`,
    `unix_socket_directories=${dir}`,
    "listen_addresses=127.0.0.1",
    `fsync=${fsync ? "on" : "off"}`,
    "max_connections=250",
  ].flatMap((setting) => ["-c", setting]);
}

/** Where the checkout is closed to the account that PostgreSQL runs as, it gets a copy. */
async function runnableBinaries(dir: string, as: Partial<Account>): Promise<string> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error("no initdb: install PostgreSQL 15 or newer");
  try {
    await run(join(bin, "initdb"), ["--version"], as);
    return bin;
  } catch {
    await cp(dirname(bin), join(dir, "program"), { recursive: true, verbatimSymlinks: true });
    return join(dir, "program", "bin");
  }
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, fetch_types: false, connect_timeout: 5 });
  try {
    await sql`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function died({ ended, lines }: Process): Promise<never> {
  const code = await ended;
  throw new Error(`PostgreSQL ended with ${code}:\n${lines.join("\n")}`);
}

/** PostgreSQL refuses to run as root. */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "nobody"])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error("there is no user `nobody`");
  return { uid, gid };
}
