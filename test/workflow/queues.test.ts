// Runs, calls of models and tools wait in queues of their own: what fills one holds up none of the others, and
// each can be served by a process of its own.

import { afterEach, describe, expect, it, test } from "@jest/globals";
import { readConfig } from "../../src/config.ts";
import { checkServices } from "../../src/dev/doctor-services.ts";
import { packageFile } from "../../src/package-root.ts";
import { approval, openFilesFolder, waitingCalls, writeCall } from "../support/approvals.ts";
import { startGatewayWorld } from "../support/gateway.ts";
import { startProcess, until, type Process } from "../support/processes.ts";
import { nightlyTest } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

/** What waits for a slot waits until the calls are let go; a busy machine, for a while. */
const SOON_MS = 30_000;
/** Calls hang for as long as it takes to have 600 of them: on a busy machine, minutes. */
const FOR_AS_LONG_AS_IT_TAKES: NodeJS.ProcessEnv = {
  PAWL_FIRST_BYTE_TIMEOUT_MS: "900000",
  PAWL_IDLE_TIMEOUT_MS: "900000",
  PAWL_PROGRESS_TIMEOUT_MS: "900000",
  PAWL_CALL_TIMEOUT_MS: "1800000",
};
const STARTS_AT_ONCE = 25;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
}, 120_000);

async function openOwnWorld(env: NodeJS.ProcessEnv): Promise<World> {
  const files = openFilesFolder();
  closers.push(async () => files.remove());
  const asPeopleHaveIt = { PAWL_TENANT_DAY_CAP_USD: "100000", PAWL_HEARTBEAT_TIMEOUT_MS: "20000" };
  const world = await openWorld({
    env: { ...FOR_AS_LONG_AS_IT_TAKES, ...asPeopleHaveIt, PAWL_FILES_DIR: files.dir, ...env },
  });
  closers.push(() => world.close());
  return world;
}

async function startAll(world: World, tasks: readonly string[]): Promise<readonly string[]> {
  const runIds: string[] = [];
  for (let at = 0; at < tasks.length; at += STARTS_AT_ONCE) {
    const started = tasks.slice(at, at + STARTS_AT_ONCE).map((task) => start(world, task));
    runIds.push(...(await Promise.all(started)));
  }
  return runIds;
}

async function start(world: World, task: string): Promise<string> {
  return (await world.client.start({ task, tenant: "test", session: "test" })).runId;
}

const held = async ({ model }: World): Promise<readonly string[]> =>
  (await model.requests()).flatMap(({ state, runKey }) =>
    state === "held" && runKey !== null ? [runKey] : [],
  );

async function withinMs(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}

/** So many calls hang at the provider that no worker has a slot for another one. */
async function holdCalls(world: World, runs: number, slots: number): Promise<readonly string[]> {
  await world.model.script([
    { match: { contains: "Hang" }, times: runs, hold: true, reply: { text: "Done." } },
  ]);
  const tasks = Array.from({ length: runs }, (_, at) => `Hang ${at}.`);
  const runIds = await startAll(world, tasks);
  const all = async (): Promise<boolean> => (await held(world)).length === slots;
  await until(`${slots} requests are on hold`, all, 300_000);
  return runIds;
}

describe("D2: with more calls held at the provider than a worker has slots", () => {
  async function nothingElseWaits(runs: number, slots: number): Promise<void> {
    const world = await openOwnWorld({ PAWL_MODEL_SLOTS: String(slots) });
    const worker = await world.startWorker();
    const lined = (event: string, runId: string) => async (): Promise<boolean> =>
      worker.lines.some((line) => line.includes(`"${event}"`) && line.includes(runId));
    await world.model.script([{ reply: { toolCalls: [writeCall("a.txt")] } }]);
    const asking = await start(world, "Write a file.");
    const [pending] = await waitingCalls(world.client, asking);

    const hanging = await holdCalls(world, runs, slots);
    await until(
      "the others wait for a slot",
      async () => {
        const begun = worker.lines.filter((line) => line.includes('"run_start"'));
        return begun.length > runs && (await world.client.queue()).backlog >= runs - slots;
      },
      120_000,
    );
    const atProvider = await held(world);
    const queued = hanging.filter((runId) => !atProvider.includes(runId));
    expect(queued).toHaveLength(runs - slots);
    const took = {
      open: await withinMs(async () => {
        const runId = await start(world, "One more.");
        await until("it is opened", lined("run_start", runId));
      }),
      tool: await withinMs(async () => {
        await world.client.decide(asking, approval(pending));
        await until("the tool has run", lined("tool_result", asking));
      }),
      cancelOfQueued: await withinMs(() => cancelled(world, queued[0])),
      cancelOfHeld: await withinMs(() => cancelled(world, atProvider[0])),
    };
    expect(Object.entries(took).filter(([, ms]) => ms > SOON_MS)).toEqual([]);
    await world.model.release();
  }

  async function cancelled({ client }: World, runId = ""): Promise<void> {
    await client.cancel(runId);
    expect((await client.result(runId)).outcome).toMatchObject({ kind: "cancelled" });
  }

  test("a run opens, a cancel ends and a tool runs at once", async () => {
    await nothingElseWaits(8, 5);
  }, 180_000);

  nightlyTest(
    "600 of them: a run opens, a cancel ends and a tool runs at once",
    async () => {
      await nothingElseWaits(600, 500);
    },
    600_000,
  );
});

describe("a process that serves one of the queues", () => {
  async function only(world: World, duty: string, env: NodeJS.ProcessEnv = {}): Promise<Process> {
    const args = [packageFile("bin/pawl.js"), "worker", "--only", duty];
    const worker = startProcess(process.execPath, args, { env: { ...world.env, ...env } });
    closers.push(() => worker.kill());
    await worker.line("worker_ready");
    return worker;
  }

  const unserved = async ({ client }: World): Promise<readonly string[]> =>
    (await client.queue()).unserved;

  async function toldOfTools({ env }: World): Promise<object> {
    const gateway = await startGatewayWorld(env);
    closers.push(() => gateway.kill());
    const health = (await (await fetch(`${gateway.url}/health/deep`)).json()) as {
      checks: { workers: { detail?: string } };
    };
    const checks = await checkServices(undefined, readConfig(env), env);
    const worker = checks.find(({ name }) => name === "worker");
    return { health: health.checks.workers.detail, doctor: [worker?.detail, worker?.fix] };
  }

  it("does that alone: the run goes on as each is served, and what nobody serves is named", async () => {
    const world = await openOwnWorld({ PAWL_TOOL_POLICY: "write_file=allow" });
    await world.model.script([
      { reply: { toolCalls: [writeCall("a.txt")] } },
      { reply: { text: "Written." } },
    ]);
    const runId = await start(world, "Write a file.");
    await until("nobody serves", async () => (await unserved(world)).length === 3);

    const core = await only(world, "core", { ANTHROPIC_API_KEY: "" });
    await core.line("run_start");
    expect(await unserved(world)).toEqual(["model", "tools"]);
    expect(await world.model.requests()).toEqual([]);

    const model = await only(world, "model");
    await model.line("model_call");
    expect(await unserved(world)).toEqual(["tools"]);
    expect(await toldOfTools(world)).toEqual({
      health: "no worker polls for tools",
      doctor: ["nobody polls pawl-tools", "start one: pawl worker --only tools"],
    });

    const tools = await only(world, "tools", { ANTHROPIC_API_KEY: "" });
    await tools.line("tool_result");
    expect(await unserved(world)).toEqual([]);
    expect(await world.client.result(runId)).toMatchObject({ answer: "Written.", toolCalls: 1 });
    expect(core.lines.join("\n")).not.toMatch(/model_call|tool_result/);
    expect(await Promise.all([core.stop(), model.stop(), tools.stop()])).toEqual([0, 0, 0]);
  }, 180_000);
});

describe("a worker that is told to stop", () => {
  it("ends when all of its queues have, and hands what it had to another", async () => {
    const world = await openOwnWorld({});
    const [runId = ""] = await (async () => {
      const worker = await world.startWorker();
      const runIds = await holdCalls(world, 1, 1);
      worker.signal("SIGTERM");
      await world.model.release();
      expect(await worker.ended).toBe(0);
      return runIds;
    })();
    await world.startWorker();
    expect((await world.client.result(runId)).outcome).toEqual({ kind: "answered" });
  }, 180_000);
});
