// A PostgreSQL of its own for a test: a fresh cluster in a temp dir on a free port, without fsync.
// Where initdb is missing on a Debian machine, it is installed once.

import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface DatabaseServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface PostgresServer extends DatabaseServer {
  /** As after a crash: no shutdown, all connections cut. `start` recovers. */
  crash(): Promise<void>;
  start(): Promise<void>;
}

const run = promisify(execFile);

export async function startPostgres(
  options: { readonly fsync?: boolean } = {},
): Promise<PostgresServer> {
  const bin = await binaries();
  const account = await unprivilegedAccount();
  const dir = await mkdtemp(join(tmpdir(), "pawl-postgres-"));
  if (account !== undefined) await chown(dir, account.uid, account.gid);
  const as = { ...account, cwd: dir };
  const data = join(dir, "data");
  const port = await freePort();
  const settings = [
    `-c port=${port}`,
    `-c unix_socket_directories=${dir}`,
    "-c listen_addresses=127.0.0.1",
    `-c fsync=${options.fsync === true ? "on" : "off"}`,
    "-c max_connections=250",
  ];
  await run(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
    as,
  );
  const control = async (...args: readonly string[]): Promise<void> =>
    void (await run(join(bin, "pg_ctl"), ["-D", data, "-w", ...args], as));
  const start = (): Promise<void> =>
    control("-l", join(dir, "log"), "-o", settings.join(" "), "start");
  const crash = (): Promise<void> => control("-m", "immediate", "stop");
  await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    crash,
    stop: async () => {
      await crash();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function binaries(): Promise<string> {
  const found = findBinaries();
  if (found !== undefined) return found;
  await run("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"]);
  const installed = findBinaries();
  if (installed === undefined) throw new Error("no initdb: install PostgreSQL 15 or newer");
  return installed;
}

/** Debian keeps the binaries of each version in a folder of its own; the newest is taken. */
function findBinaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian) : [];
  const onPath = (process.env["PATH"] ?? "").split(":");
  return [
    ...versions.toSorted((a, b) => Number(b) - Number(a)).map((v) => join(debian, v, "bin")),
    ...onPath,
  ].find((dir) => existsSync(join(dir, "initdb")) && existsSync(join(dir, "pg_ctl")));
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedAccount(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, "nobody"])).stdout)),
  );
  if (uid === undefined || gid === undefined) throw new Error("there is no user `nobody`");
  return { uid, gid };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
