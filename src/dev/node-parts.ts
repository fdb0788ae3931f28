// The parts that are Node processes of this package: Postgres, the offline model, the worker, the
// gateway.

import { resolve, join } from "node:path";
import { pathToFileURL } from "node:url";
import { readConfig } from "../config.ts";
import { packageFile } from "../package-root.ts";
import { localAccess } from "../temporal/access.ts";
import { localTokenFile } from "./local-token.ts";
import { baseEnv, hasOwnDatabase, type PartContext } from "./part-context.ts";
import type { Command, Part } from "./part.ts";
import { stateFiles } from "./stack-state.ts";
import { socketIn } from "./socket-folder.ts";
import { acceptsConnections, listensAt, workerIdentities } from "./temporal-client.ts";

export function postgresPart({ stateDir, env, socketFolder }: PartContext): Part {
  const args = ["--data-dir", join(stateDir, "postgres"), "--socket-folder", socketFolder];
  return {
    name: "postgres",
    after: [],
    command: async () => nodeCommand("dist/src/dev/postgres-main.js", args, baseEnv(env)),
    logFile: join(stateDir, "postgres.log"),
    // The first start creates the database: seconds, more on a loaded machine.
    startTimeoutMs: 60_000,
    isReady: () => listensAt(socketIn(socketFolder)),
  };
}

export function modelPart({ stateDir, env, ports }: PartContext): Part {
  const args = ["--port", String(ports.model), "--billing", join(stateDir, "billing.jsonl")];
  return {
    name: "model",
    after: [],
    command: async () => nodeCommand("dist/offline-model/main.js", args, baseEnv(env)),
    logFile: join(stateDir, "model.log"),
    startTimeoutMs: 20_000,
    isReady: () => acceptsConnections("127.0.0.1", ports.model),
  };
}

export function workerPart(context: PartContext): Part {
  const { env, namespace, stateDir, temporalAddress } = context;
  const { taskQueue } = readConfig(env).temporal;
  const target = localAccess(temporalAddress, namespace);
  return {
    name: "worker",
    after: ["temporal", "postgres", "model"],
    command: async () => nodeCommand("dist/src/worker/main.js", [], workerEnv(context)),
    logFile: join(stateDir, "worker.log"),
    startTimeoutMs: 60_000,
    // Asked of Temporal, not read from the log, whose level is the user's to choose. The SDK's
    // default identity is pid@host.
    isReady: async (pid) => {
      const identities = await workerIdentities(target, taskQueue);
      return Object.values(identities).every((polling) =>
        polling.some((identity) => identity.startsWith(`${pid}@`)),
      );
    },
  };
}

export function gatewayPart(context: PartContext): Part {
  const { ports, stateDir, env } = context;
  const files = [
    "--used-file",
    stateFiles(stateDir).state,
    "--token-file",
    localTokenFile(stateDir),
  ];
  const args = ["--port", String(ports.gateway), ...files];
  const logFile = join(stateDir, "gateway.log");
  const PAWL_LOG_FILE = resolve(env["PAWL_LOG_FILE"] ?? logFile);
  return {
    name: "gateway",
    // After the worker, so that the first run has the machine for itself.
    after: ["worker"],
    command: async () =>
      nodeCommand("dist/src/gateway/main.js", args, { ...workerEnv(context), PAWL_LOG_FILE }),
    logFile,
    startTimeoutMs: 60_000,
    isReady: () => acceptsConnections("127.0.0.1", ports.gateway),
    isExtra: true,
  };
}

/** The user's environment, pointed at the local stack and at nothing else. */
function workerEnv(context: PartContext): NodeJS.ProcessEnv {
  const { env, stateDir, namespace, temporalAddress, databaseUrl, modelUrl } = context;
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith("TEMPORAL_") || KEPT_TEMPORAL_SETTINGS.has(name),
  );
  return {
    ...Object.fromEntries(kept),
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    PAWL_STATE_DIR: stateDir,
    PAWL_LOG_FILE: resolve(env["PAWL_LOG_FILE"] ?? join(stateDir, "worker.log")),
    ...(hasOwnDatabase(env) ? {} : { DATABASE_URL: databaseUrl }),
    ...(modelUrl === null
      ? {}
      : { PAWL_OFFLINE_MODEL: "1", ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: "offline" }),
  };
}

/** The rest (profile, TLS, API key) would lead the worker to another server. */
const KEPT_TEMPORAL_SETTINGS: ReadonlySet<string> = new Set([
  "TEMPORAL_DEPLOYMENT_NAME",
  "TEMPORAL_WORKER_BUILD_ID",
  "TEMPORAL_UI_URL",
]);

function nodeCommand(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const heir = pathToFileURL(packageFile("dist/src/dev/heir-main.js")).href;
  return {
    file: process.execPath,
    args: ["--import", heir, packageFile(script), ...args],
    env,
    isHeir: true,
  };
}
