// A world for tests of agents and tools: Temporal, a database and the offline model, started for the test and ended
// with it, and a worker inside of the test's process, so that tools can be watched. Nothing of the developer's own
// environment reaches it, no key among it, and what it waits for is a second where people wait a minute.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FaultInput } from "../../offline-model/faults.ts";
import type { ScriptInput } from "../../offline-model/script.ts";
import { stopStack } from "../dev/ensure-stack.ts";
import { PawlError } from "../domain/errors.ts";
import type { RunResult } from "../domain/outcome.ts";
import { startWorkerAt, type OwnWorker, type WorkerOptions } from "../library/own-worker.ts";
import type { Pawl, PawlOrder } from "../library/pawl-client.ts";
import { envAt, findServers } from "../library/servers.ts";
import { modelControl, type ModelControl } from "./model-control.ts";

/** A reply on order: what it says or calls, for which request, and how often. */
export type ScriptedReply = ScriptInput;

/** What goes wrong at the provider: a kind, for which request, and how often. */
export type ProviderFault = FaultInput;

export interface WorldOptions extends Pick<WorkerOptions, "tools" | "toolSources" | "agents"> {
  /** Settings of Pawl, besides what the world needs itself. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told what is done while the world starts. */
  readonly onProgress?: (line: string) => void;
}

export interface WorldModel extends Omit<ModelControl, "script" | "faults"> {
  /** In place of what was on order; each is used by the first request that it matches, and then the planner answers. */
  script(replies: readonly ScriptedReply[]): Promise<void>;
  faults(faults: readonly ProviderFault[]): Promise<void>;
}

export interface World {
  /** Starts, watches, steers and reads runs. */
  readonly client: Pawl;
  readonly model: WorldModel;
  /** Starts a run, of the task alone or of a whole order, and waits for its end. */
  runToEnd(order: string | PawlOrder): Promise<RunResult>;
  /** Ends all of it, and forgets it. */
  close(): Promise<void>;
}

/** Seconds where people use minutes; a call of a tool that is stuck still has ten. */
const FAST: NodeJS.ProcessEnv = {
  PAWL_HEARTBEAT_TIMEOUT_MS: "3000",
  PAWL_FIRST_BYTE_TIMEOUT_MS: "5000",
  PAWL_IDLE_TIMEOUT_MS: "3000",
  PAWL_PROGRESS_TIMEOUT_MS: "5000",
  PAWL_TOOL_TIMEOUT_MS: "10000",
  PAWL_RETRY_INITIAL_MS: "100",
  PAWL_SHUTDOWN_GRACE_MS: "1000",
  PAWL_OPEN_TENANTS: "1",
  PAWL_LOG_LEVEL: "error",
};

const { PATH, HOME, XDG_CACHE_HOME, TMPDIR } = process.env;
const OF_THE_MACHINE = { PATH, HOME, XDG_CACHE_HOME, TMPDIR };

/** Some seconds; one world serves a whole file of tests. Throws PawlError where a part does not start. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const { tools, toolSources, agents, env: wanted = {}, onProgress } = options;
  const stateDir = mkdtempSync(join(tmpdir(), "pawl-world-"));
  const end = async (): Promise<void> => {
    await stopStack(stateDir);
    rmSync(stateDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  const env = {
    ...{ ...OF_THE_MACHINE, ...FAST, ...wanted },
    ...{ PAWL_STATE_DIR: stateDir, PAWL_OFFLINE_MODEL: "1" },
  };
  try {
    const servers = await findServers({ env, ...(onProgress && { onProgress }) }, [
      ...(["temporal", "postgres", "model"] as const),
    ]);
    const { stack } = servers;
    if (stack === null || stack.modelUrl === null) throw notItsOwn();
    const skills = { ...(tools && { tools }), ...(agents && { agents }) };
    const worker = await startWorkerAt({
      ...skills,
      ...(toolSources && { toolSources }),
      env: await envAt(servers),
    });
    return worldOf(worker, modelControl(stack.modelUrl), end);
  } catch (error) {
    await end();
    throw error;
  }
}

function worldOf(worker: OwnWorker, model: ModelControl, end: () => Promise<void>): World {
  const { client } = worker;
  return {
    client,
    model,
    runToEnd: (order) => client.runToEnd(typeof order === "string" ? { task: order } : order),
    async close() {
      try {
        await worker.stop();
      } finally {
        await end();
      }
    },
  };
}

function notItsOwn(): PawlError {
  return new PawlError(
    "CONFIG",
    "A world brings its own servers, so `env` may name no TEMPORAL_ADDRESS.",
    { next: "use startWorker of pawl/worker for servers that run already" },
  );
}
