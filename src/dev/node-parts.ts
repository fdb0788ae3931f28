// The parts that are Node processes of this package: Postgres, the offline model, the worker, the
// gateway.

import { resolve, join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFile } from "../package-root.ts";
import { localAccess } from "../temporal/access.ts";
import { localTokenFile } from "./local-token.ts";
import type { PartContext } from "./part-context.ts";
import { baseEnv, gatewayEnv, workerEnv } from "./part-env.ts";
import { SHUTDOWN_GRACE_MS, type Command, type Part } from "./part.ts";
import { stateFiles } from "./stack-state.ts";
import { socketIn } from "./socket-folder.ts";
import { acceptsConnections, listensAt, polls } from "./temporal-client.ts";

export function postgresPart({ stateDir, env, socketFolder }: PartContext): Part {
  const args = ["--data-dir", join(stateDir, "postgres"), "--socket-folder", socketFolder];
  return {
    name: "postgres",
    after: [],
    command: async () => nodeCommand("dist/src/dev/postgres-main.js", args, baseEnv(env, stateDir)),
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
    command: async () => nodeCommand("dist/offline-model/main.js", args, baseEnv(env, stateDir)),
    logFile: join(stateDir, "model.log"),
    startTimeoutMs: 20_000,
    isReady: () => acceptsConnections("127.0.0.1", ports.model),
  };
}

export function workerPart(context: PartContext): Part {
  const { config, namespace, stateDir, temporalAddress } = context;
  const { taskQueue } = config.temporal;
  const logFile = join(stateDir, "worker.log");
  const own = ownEnv("worker", config.log.file ?? logFile);
  const target = localAccess(temporalAddress, namespace);
  return {
    name: "worker",
    after: ["temporal", "postgres", "model"],
    command: async () =>
      nodeCommand("dist/src/worker/main.js", [], { ...workerEnv(context), ...own }),
    logFile,
    startTimeoutMs: 60_000,
    // Asked of Temporal, not read from the log, whose level is the user's to choose.
    isReady: (pid) => polls(target, taskQueue, pid),
  };
}

export function gatewayPart(context: PartContext): Part {
  const { ports, stateDir, config } = context;
  const files = [
    "--used-file",
    stateFiles(stateDir).state,
    "--token-file",
    localTokenFile(stateDir),
  ];
  const args = ["--port", String(ports.gateway), ...files];
  const logFile = join(stateDir, "gateway.log");
  const own = ownEnv("gateway", config.log.file ?? logFile);
  return {
    name: "gateway",
    // After the worker, so that the first run has the machine for itself.
    after: ["worker"],
    command: async () =>
      nodeCommand("dist/src/gateway/main.js", args, { ...gatewayEnv(context), ...own }),
    logFile,
    startTimeoutMs: 60_000,
    isReady: () => acceptsConnections("127.0.0.1", ports.gateway),
    isExtra: true,
  };
}

function ownEnv(part: keyof typeof SHUTDOWN_GRACE_MS, logFile: string): NodeJS.ProcessEnv {
  return {
    PAWL_LOG_FILE: resolve(logFile),
    PAWL_SHUTDOWN_GRACE_MS: String(SHUTDOWN_GRACE_MS[part]),
  };
}

function nodeCommand(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const heir = pathToFileURL(packageFile("dist/src/dev/heir-main.js")).href;
  return {
    file: process.execPath,
    args: ["--import", heir, packageFile(script), ...args],
    env,
    isHeir: true,
  };
}
