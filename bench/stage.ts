// Everything the measurements need, on one machine: the real parts of a world, Pawl's worker, the bare
// loop's worker beside it, and the requests that both of them and the plain API client send.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import type { MessageCreateParamsStreaming } from "@anthropic-ai/sdk/resources/messages";
import type { Client } from "@temporalio/client";
import { packageFile } from "../src/package-root.ts";
import { localAccess } from "../src/temporal/access.ts";
import { createClient, openConnection } from "../src/temporal/client-connection.ts";
import { startProcess, type Process } from "../test/support/processes.ts";
import { BARE_TASK_QUEUE } from "./bare/task-queue.ts";
import { openOwnWorld, type DatabaseKind, type OwnWorld } from "./own-world.ts";
import type { Pids } from "./processor.ts";
import { turnsIn, type Turns } from "./turns.ts";

export interface Stage {
  readonly world: OwnWorld;
  readonly worker: Process;
  readonly pids: Pids;
  readonly bareWorkerPid: number;
  /** Each runs so many turns and gives what one took, by the clock of the history. */
  pawl(turns: number): Promise<Turns>;
  bare(turns: number): Promise<Turns>;
  /** The same requests with nothing around them: ms a turn. */
  raw(turns: number): Promise<number>;
  /** Replies for Pawl's next runs; all that asks without being named gets the same tool call. */
  script(runs: readonly PlannedRun[]): Promise<void>;
  client: Client;
  close(): Promise<void>;
}

export interface PlannedRun {
  readonly label: string;
  readonly turns: number;
}

/** As people run it; the tests' own timers are shorter and beat more often. */
const DEFAULTS: NodeJS.ProcessEnv = {
  PAWL_HEARTBEAT_TIMEOUT_MS: "20000",
  PAWL_FIRST_BYTE_TIMEOUT_MS: "30000",
  PAWL_IDLE_TIMEOUT_MS: "30000",
  PAWL_PROGRESS_TIMEOUT_MS: "60000",
  PAWL_CALL_TIMEOUT_MS: "600000",
  PAWL_TOOL_TIMEOUT_MS: "60000",
  PAWL_RETRY_INITIAL_MS: "1000",
};

/** The measured runs are longer than the defaults allow. */
const CAPS: NodeJS.ProcessEnv = {
  PAWL_AGENT_MAX_CALLS: "1000",
  PAWL_AGENT_MAX_TOOL_CALLS: "1000",
  PAWL_AGENT_MAX_TOKENS: "100000000",
  PAWL_TENANT_DAY_CAP_USD: "100000",
};

const BARE_WORKER = packageFile("dist/bench/bench/bare/worker.js");

const TOOL_CALL = {
  text: "I calculate the next step before I go on.",
  toolCalls: [{ name: "calculator", input: { expression: "(17 + 4) * 2 / 3" } }],
};
const ENDLESS = 1_000_000;
const CONNECT_TIMEOUT_MS = 10_000;

export async function openStage(database: DatabaseKind, turnsMax: number): Promise<Stage> {
  const world = await openOwnWorld(database, {
    chunkDelayMs: 0,
    env: { ...DEFAULTS, ...CAPS },
  });
  const dir = await mkdtemp(join(tmpdir(), "pawl-bench-"));
  const access = localAccess(world.temporal.address, "default");
  const connection = await openConnection(access, CONNECT_TIMEOUT_MS);
  const client = createClient(connection, access);
  let bareWorker: Process | null = null;
  const close = async (): Promise<void> => {
    await bareWorker?.kill();
    await connection.close();
    await world.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    return {
      ...(await fill(world, client, {
        dir,
        turnsMax,
        onStarted: (process_) => (bareWorker = process_),
      })),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Space {
  readonly dir: string;
  readonly turnsMax: number;
  /** Of the bare loop's worker, which nobody else ends. */
  readonly onStarted: (worker: Process) => void;
}

async function fill(
  world: OwnWorld,
  client: Client,
  { dir, turnsMax, onStarted }: Space,
): Promise<Omit<Stage, "close">> {
  const worker = await world.startWorker();
  const script = async (runs: readonly PlannedRun[]): Promise<void> =>
    world.model.script([
      ...runs.flatMap(({ label, turns }) => [
        ...(turns > 0 ? [{ match: { contains: label }, times: turns, reply: TOOL_CALL }] : []),
        { match: { contains: label }, reply: { text: "Done." } },
      ]),
      { match: {}, times: ENDLESS, reply: TOOL_CALL },
    ]);
  const pawl = async (turns: number): Promise<Turns> => {
    const label = newLabel();
    await script([{ label, turns }]);
    const { runId } = await world.client.start({ task: label, tenant: "bench", session: label });
    const { outcome } = await world.client.result(runId);
    if (outcome.kind !== "answered") throw new Error(`Pawl's run: ${JSON.stringify(outcome)}`);
    return turnsIn(await client.workflow.getHandle(runId).fetchHistory(), "callModel");
  };

  await pawl(turnsMax);
  const bodies = (await world.model.requests()).slice(0, turnsMax).map(({ body }) => body);
  const bodiesFile = join(dir, "bodies.json");
  await writeFile(bodiesFile, JSON.stringify(bodies));
  const bareWorker = startProcess(process.execPath, [BARE_WORKER, bodiesFile], { env: world.env });
  onStarted(bareWorker);
  await bareWorker.line("bare_worker_ready");

  const anthropic = new Anthropic({ apiKey: "offline", baseURL: world.model.url, maxRetries: 0 });
  return {
    world,
    worker,
    pids: { ...world.serverPids, worker: worker.pid, model: world.model.process.pid },
    bareWorkerPid: bareWorker.pid,
    client,
    script,
    pawl,
    bare: async (turns) => {
      const workflowId = newLabel();
      const handle = await client.workflow.start("bareLoop", {
        workflowId,
        taskQueue: BARE_TASK_QUEUE,
        args: [turns],
      });
      await handle.result();
      return turnsIn(await handle.fetchHistory(), "ask");
    },
    raw: async (turns) => {
      const startedAt = performance.now();
      for (const body of bodies.slice(0, turns)) {
        const stream = await anthropic.messages.create(
          body as unknown as MessageCreateParamsStreaming,
        );
        for await (const event of stream) void event;
      }
      return (performance.now() - startedAt) / turns;
    },
  };
}

let labels = 0;

/** No label is the beginning of another one. */
export function newLabel(): string {
  labels += 1;
  return `bench ${process.pid} ${labels}.`;
}
