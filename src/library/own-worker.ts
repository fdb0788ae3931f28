// A worker with the tools and agents of the program that it runs in, in one call.

import { basename, extname } from "node:path";
import { AGENTS, type AgentDefinition } from "../../activities/agents.ts";
import { readConfig } from "../config.ts";
import type { Duty } from "../domain/duty.ts";
import { PawlError } from "../domain/errors.ts";
import { present } from "../domain/present.ts";
import { secretsOf } from "../telemetry/secrets.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";
import type { WorkerSkills } from "../worker/activity-deps.ts";
import { runWorker as serve } from "../worker/run-worker.ts";
import { openClient, type Pawl } from "./pawl-client.ts";
import { envAt, findServers, type ServersOptions } from "./servers.ts";

export interface WorkerOptions extends ServersOptions, WorkerSkills {
  /** Beside Pawl's own; one by the name of an agent of Pawl's takes its place. */
  readonly agents?: readonly AgentDefinition[];
  /** Runs and their books, calls of models, or tools alone; all of it unless given. */
  readonly only?: Duty;
}

export interface OwnWorker {
  /** Of the queue that this worker serves. */
  readonly client: Pawl;
  /** Finishes what it can within its grace time. Throws what broke the worker, if something did. */
  stop(): Promise<void>;
}

/**
 * Serves runs with your tools and agents until SIGTERM or SIGINT. Needs TEMPORAL_ADDRESS, DATABASE_URL and a key of
 * the provider in its environment, and takes Pawl's secrets out of it, so that no tool finds them there.
 * Throws PawlError CONFIG for wrong settings, and names them.
 */
export async function runWorker(options: WorkerOptions = {}): Promise<void> {
  const { env = process.env, onProgress: _, ...terms } = options;
  await serveHere({ ...terms, env, ownEnv: env });
}

/**
 * Serves runs with your tools and agents inside of this program, and gives a client of them. Without
 * TEMPORAL_ADDRESS on the servers of the local stack, in a queue of the program's own, which is named after its main
 * file: run again, the program goes on with the runs that it left. Throws PawlError.
 */
export async function startWorker(options: WorkerOptions = {}): Promise<OwnWorker> {
  const servers = await findServers(options);
  const env = { PAWL_LOG_LEVEL: "warn", ...(await envAt(servers)) };
  if (servers.stack === null) return await startWorkerAt({ ...options, env });
  const PAWL_TASK_QUEUE = ownQueue(servers.config.temporal.taskQueue);
  return await startWorkerAt({ ...options, env: { ...env, PAWL_TASK_QUEUE } });
}

/** On servers that the environment names. */
export async function startWorkerAt(options: HereOptions): Promise<OwnWorker> {
  const ending = new AbortController();
  const client = await openClient(readConfig(options.env), { env: options.env });
  let serving = Promise.resolve();
  const ready = new Promise<void>((resolve) => {
    serving = serveHere({ ...options, signal: ending.signal, onReady: resolve });
  });
  const stop = async (): Promise<void> => {
    ending.abort();
    await client.close();
    await serving;
  };
  try {
    await Promise.race([ready, serving]);
  } catch (error) {
    await client.close();
    throw error;
  }
  // Whoever stops it is told; until then it is nobody's unhandled rejection.
  serving.catch(() => undefined);
  return { client, stop };
}

type HereOptions = Omit<WorkerOptions, "env" | "onProgress"> & {
  readonly env: NodeJS.ProcessEnv;
  readonly ownEnv?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly onReady?: () => void;
};

async function serveHere({ agents, ...terms }: HereOptions): Promise<void> {
  const config = readConfig(terms.env);
  const telemetry = openTelemetry(config.log, { secrets: secretsOf(config) });
  await serve(config, telemetry, { ...terms, ...present({ agents: agents && withOurs(agents) }) });
}

export function withOurs(agents: readonly AgentDefinition[]): readonly AgentDefinition[] {
  const names = agents.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) {
    throw new PawlError("CONFIG", `There are two agents ${twice}.`, {
      next: "name one another way",
    });
  }
  return [...AGENTS.filter(({ name }) => !names.includes(name)), ...agents];
}

function ownQueue(queue: string): string {
  const main = process.argv[1] ?? "program";
  return `${queue}-${basename(main, extname(main))}`;
}
