// Temporal's own server and the tool that makes its tables, of the version that docker-compose.yml pins: built with
// Go, once, and kept in the user's cache. It runs as its image runs it, by its built-in configuration and the
// environment.

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { goVersion } from "../../src/dev/build-temporal.ts";
import { findTemporal } from "../../src/dev/find-temporal.ts";
import { releaseLock, takeLock } from "../../src/dev/process-lock.ts";
import { runCommand } from "../../src/dev/run-command.ts";
import { acceptsConnections } from "../../src/dev/temporal-client.ts";
import { pinnedTemporal } from "./compose.ts";
import { BINARIES, isServerBuilt, serverFolder } from "./find-temporal-server.ts";
import { freePort, startProcess, until, type Process } from "./processes.ts";

const BUILD_TIMEOUT_MS = 40 * 60_000;
const MODULE = "go.temporal.io/server";
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** A PATH with the server, its tool, and the `temporal` of the dev server in front. */
export async function pathWithServer(): Promise<string> {
  await buildOnce();
  const { path } = await findTemporal(process.env, say);
  return [serverFolder(), dirname(path), process.env["PATH"] ?? ""].join(delimiter);
}

/** By one process; another that wants it too waits for that one. */
async function buildOnce(): Promise<void> {
  const dir = serverFolder();
  const lock = `${dir}.lock`;
  await mkdir(dir, { recursive: true });
  await until(
    "Temporal's server is built",
    () => isServerBuilt() || takeLock(lock),
    BUILD_TIMEOUT_MS,
  );
  try {
    if (!isServerBuilt()) await build(dir);
  } finally {
    releaseLock(lock);
  }
}

async function build(dir: string): Promise<void> {
  const version = pinnedTemporal();
  const go = await goVersion(process.env);
  say(`Building Temporal's server ${version} with Go ${go}: minutes, once …`);
  const workDir = await mkdtemp(join(dir, "build-"));
  try {
    const packages = BINARIES.map(({ from }) => `${MODULE}/${from}@v${version}`);
    await runCommand("go", ["install", ...packages], {
      timeoutMs: BUILD_TIMEOUT_MS,
      cwd: workDir,
      env: { ...process.env, GOBIN: workDir, GOWORK: "off", CGO_ENABLED: "0" },
    });
    for (const { built, name } of BINARIES) await rename(join(workDir, built), join(dir, name));
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}

export interface TemporalServer {
  readonly address: string;
  readonly lines: readonly string[];
  /** Returns when its port listens; whether it serves, who asks it must see. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
}

const PORTS = ["FRONTEND", "INTERNAL_FRONTEND", "MATCHING", "HISTORY", "WORKER"].flatMap(
  (service) => [`${service}_GRPC_PORT`, `${service}_MEMBERSHIP_PORT`, `${service}_HTTP_PORT`],
);

/** Keeps its ports over a restart, as a container does. */
export async function prepareServer(env: NodeJS.ProcessEnv, cwd: string): Promise<TemporalServer> {
  const PATH = await pathWithServer();
  const ports = await Promise.all(PORTS.map(async (name) => [name, String(await freePort())]));
  const own: NodeJS.ProcessEnv = { PATH, BIND_ON_IP: "127.0.0.1", ...Object.fromEntries(ports) };
  const port = Number(own["FRONTEND_GRPC_PORT"]);
  let server: Process | null = null;
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    server?.signal(signal);
    await server?.ended;
    server = null;
  };
  return {
    address: `localhost:${port}`,
    get lines() {
      return server?.lines ?? [];
    },
    start: async () => {
      const started = startProcess("temporal-server", ["start"], { env: { ...env, ...own }, cwd });
      server = started;
      const listens = (): Promise<boolean> => acceptsConnections("127.0.0.1", port);
      const up = until("Temporal's server listens", listens, 120_000);
      await Promise.race([up, died(started)]);
    },
    kill: () => ended("SIGKILL"),
    stop: () => ended("SIGTERM"),
  };
}

async function died({ ended, lines }: Process): Promise<never> {
  const code = await ended;
  throw new Error(`Temporal's server ended with ${code}:\n${lines.slice(-30).join("\n")}`);
}
