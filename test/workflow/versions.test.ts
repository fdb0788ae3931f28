// Workers that were started as builds: which of them is given new runs, and what becomes of runs whose build is gone.

import { afterEach, describe, expect, it } from "@jest/globals";
import { readConfig } from "../../src/config.ts";
import { findTemporal } from "../../src/dev/find-temporal.ts";
import { checkServices } from "../../src/dev/doctor-services.ts";
import { runPawl, startPawl } from "../support/cli-process.ts";
import { packageFile } from "../../src/package-root.ts";
import { startGatewayWorld } from "../support/gateway.ts";
import { startProcess, until, type Process } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { isAtLeast, nightlyTest, slowTest } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

/** Forty seconds, where a machine does nothing else. */
const GONE_WITHIN_MS = isAtLeast("nightly") ? 40_000 : 90_000;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
}, 120_000);

async function openOwnWorld(): Promise<World> {
  const world = await openWorld({ env: PATIENT });
  closers.push(() => world.close());
  return world;
}

const built = (buildId: string): NodeJS.ProcessEnv => ({
  TEMPORAL_DEPLOYMENT_NAME: "pawl",
  TEMPORAL_WORKER_BUILD_ID: buildId,
});

interface Told {
  readonly isCurrent: boolean;
  readonly currentBuildId: string | null;
  readonly makeCurrent: string;
}

const toldOf = async (worker: Process): Promise<Told> =>
  JSON.parse(await worker.line('"worker_build"')) as Told;

/** Word for word, as an operator would who pastes it. */
async function paste(world: World, command: string): Promise<void> {
  const [program, ...args] = command.split(" ");
  expect(program).toBe("temporal");
  const { path } = await findTemporal(process.env, () => undefined);
  // The server hears of a build with the first poll of its worker.
  await until("it is done", async () => {
    const env = { ...world.env, TEMPORAL_ADDRESS: world.temporal.address };
    return (await startProcess(path, args, { env }).ended) === 0;
  });
}

const start = async ({ client }: World, task: string): Promise<string> =>
  (await client.start({ task, tenant: "test", session: "test" })).runId;

async function checksOf({ env }: World): Promise<ReadonlyMap<string, string>> {
  const checks = await checkServices(undefined, readConfig(env), env);
  return new Map(checks.map(({ name, detail, fix }) => [name, `${detail} | ${fix}`]));
}

async function healthOf(world: World) {
  const gateway = await startGatewayWorld(world.env);
  closers.push(() => gateway.kill());
  return (await (await fetch(`${gateway.url}/health/deep`)).json()) as {
    readonly status: string;
    readonly checks: Readonly<Record<string, { readonly detail?: string }>>;
  };
}

describe("a worker that was started as a build", () => {
  it("is given nothing before its build is current: it says so, and the command that it says helps", async () => {
    const world = await openOwnWorld();
    const worker = await world.startWorker(built("1"));
    const told = await toldOf(worker);
    expect(told).toMatchObject({ isCurrent: false, currentBuildId: null });
    expect(told.makeCurrent).toMatch(/set-current-version --deployment-name pawl --build-id 1/);
    const runId = await start(world, "What is 2+2?");
    const nobody =
      "no build is current, so nobody takes new runs: build 1 asks of them for nothing";
    // The server hears of the queues of a worker one after the other.
    await until("doctor says so", async () => {
      const check = (await checksOf(world)).get("worker");
      return check === `${nobody} | ${told.makeCurrent}`;
    });
    const { status, checks } = await healthOf(world);
    expect([status, checks["workers"]?.detail]).toEqual(["degraded", nobody]);
    const watching = startPawl(["attach", runId], world.env);
    await watching.said(`N${nobody.slice(1)}; the run waits. To help: ${told.makeCurrent}`);

    await paste(world, told.makeCurrent);
    expect(await watching.ended).toMatchObject({ exitCode: 0 });
    expect((await checksOf(world)).get("worker")).toMatch(/^1 of build 1 \(current\): \d+@/);
    const next = await world.startWorker(built("2"));
    expect(await toldOf(next)).toMatchObject({ isCurrent: false, currentBuildId: "1" });
    const same = await world.startWorker(built("1"));
    expect(await toldOf(same)).toMatchObject({ isCurrent: true });
  }, 120_000);
});

async function heldOnBuildOne(world: World): Promise<{ first: Process; runId: string }> {
  await world.model.script([{ hold: true, reply: { text: "Done." } }]);
  const first = await world.startWorker(built("1"));
  await paste(world, (await toldOf(first)).makeCurrent);
  const runId = await start(world, "Wait.");
  await until("its reply is on hold", async () =>
    (await world.model.requests()).some(({ state }) => state === "held"),
  );
  return { first, runId };
}

describe("a run that is pinned to a build which is gone", () => {
  it("waits visibly, wherever one looks, and goes on when one of it is back", async () => {
    const world = await openOwnWorld();
    const { first, runId } = await heldOnBuildOne(world);
    const second = await world.startWorker(built("2"));
    await paste(world, (await toldOf(second)).makeCurrent);
    expect(await world.client.stranded()).toEqual([]);
    expect(await world.client.show(runId)).toMatchObject({ status: "running", waiting: null });
    await first.stop();

    const pinned = "pinned to build 1, which no worker serves";
    const how = "TEMPORAL_DEPLOYMENT_NAME=pawl TEMPORAL_WORKER_BUILD_ID=1 pawl worker";
    await until("it is known", async () => (await world.client.stranded()).length === 1, 100_000);
    expect(await world.client.stranded()).toEqual([
      {
        build: { deployment: "pawl", buildId: "1" },
        runs: 1,
        unserved: ["core", "model", "tools"],
      },
    ]);
    expect(await world.client.show(runId)).toMatchObject({
      status: "waiting",
      waiting: { reason: "worker", message: `it is ${pinned}`, nextAttemptAt: null },
    });
    const { status, checks } = await healthOf(world);
    expect(status).toBe("degraded");
    expect(checks["versions"]?.detail).toBe(`1 open run is ${pinned}`);
    expect(checks["workers"]?.detail).toMatch(/^1 of build 2 \(current\)/);
    expect((await checksOf(world)).get("versions")).toContain(`1 open run is ${pinned} | `);
    const watching = startPawl(["attach", runId], world.env);
    await watching.said(`The run waits: it is ${pinned}. It goes on when one starts: ${how}`);
    const shown = await runPawl(["show", runId], world.env);
    expect(shown.stdout).toContain(pinned);

    await world.model.release();
    await world.startWorker(built("1"));
    expect(await watching.ended).toMatchObject({ exitCode: 0 });
    expect(await world.client.stranded()).toEqual([]);
  }, 240_000);

  it("is asked to end, and whoever asks hears that nobody of its build does", async () => {
    const world = await openOwnWorld();
    const { first, runId } = await heldOnBuildOne(world);
    await first.stop();
    await world.startWorker(built("2"));
    const missing = async () => (await world.client.leftBehind(runId)) !== null;
    await until("its build is gone", missing, 100_000);
    expect(await world.client.cancel(runId)).toEqual({
      unservedQueue: "pawl",
      unservedBuild: { deployment: "pawl", buildId: "1" },
    });
  }, 240_000);
});

describe("a build that is given a share of new runs", () => {
  nightlyTest(
    "is missed where nobody serves it, though another is current and served",
    async () => {
      const world = await openOwnWorld();
      const first = await world.startWorker(built("1"));
      await paste(world, (await toldOf(first)).makeCurrent);
      const second = await world.startWorker(built("2"));
      const { makeCurrent } = await toldOf(second);
      const ramp = makeCurrent.replace("set-current-version", "set-ramping-version");
      await paste(world, `${ramp} --percentage 30`);
      await until("both are served", async () => (await world.client.queue()).missing === null);
      await second.kill();
      const missing = await until(
        "it is missed",
        async () => (await world.client.queue()).missing,
        60_000,
      );
      expect(missing.what).toBe("30 % of new runs go to build 2, which no worker serves");
      await paste(world, missing.next.split("or end the ramp: ")[1] ?? "");
      await until("nothing is missed", async () => (await world.client.queue()).missing === null);
    },
    180_000,
  );
});

describe("a worker that was killed", () => {
  nightlyTest(
    "is missed within forty seconds for what it alone served, and not after minutes",
    async () => {
      const world = await openOwnWorld();
      const only = startProcess(
        process.execPath,
        [packageFile("bin/pawl.js"), "worker", "--only", "model"],
        { env: { ...world.env, PAWL_TASK_QUEUE: "other" } },
      );
      closers.push(() => only.kill());
      await only.line("worker_ready");
      const env = { ...world.env, PAWL_TASK_QUEUE: "other" };
      const seen = async () => (await checksOf({ ...world, env })).get("worker") ?? "";
      await until("it is seen", async () => !(await seen()).includes("other,"));
      await only.kill();
      await until("it is missed", async () => (await seen()).includes("other,"), GONE_WITHIN_MS);
    },
    120_000,
  );

  slowTest(
    "counts no more within forty seconds, and is told of apart",
    async () => {
      const world = await openOwnWorld();
      const [first] = [await world.startWorker(), await world.startWorker()];
      await until("both are counted", async () => (await world.client.queue()).workers === 2);
      await first.kill();
      await until(
        "one is left",
        async () => (await world.client.queue()).workers === 1,
        GONE_WITHIN_MS,
      );
      expect((await checksOf(world)).get("worker")).toMatch(
        /^1: \d+@\S+; 1 more not seen for \d+ s/,
      );
    },
    120_000,
  );
});
