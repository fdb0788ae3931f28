// Forty runs on Temporal's own server while everything dies: ten workers, the server, PostgreSQL, and in the middle
// a new build takes over. The provider's bill is the oracle: nothing is lost, nothing is bought twice.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { endedWithRightMoney, type Money } from "../support/chaos.ts";
import { until, type Process } from "../support/processes.ts";
import { openRealWorld, startRealStack, type RealStack } from "../support/real-stack.ts";
import { withTemporalClient } from "../support/temporal-client.ts";
import type { World } from "../support/world.ts";

const WAVE = 20;
const TURNS = 10;
/** Between two faults. */
const BILLS_APART = 15;
const CAP_MICRO_USD = 5_000_000;
const WITHIN_MS = 15 * 60_000;

const FINAL = "All of it is done.";
const TOOLS = [
  { name: "calculator", input: { expression: "6*7" } },
  { name: "web_search", input: { query: "Earth" } },
];
/** Known by what was said before, so that another attempt gets the same reply. */
const SCRIPT = Array.from({ length: TURNS }, (_, said) => ({
  times: 1_000_000,
  ...(said === 0 ? {} : { match: { contains: `step ${said} of it` } }),
  reply:
    said === TURNS - 1
      ? { text: FINAL }
      : {
          text: `step ${said + 1} of it. `.padEnd(400, "I am on it. "),
          toolCalls: [TOOLS[said % 2]],
        },
})).toReversed();

let stack: RealStack;
let world: World;

beforeAll(async () => {
  stack = await startRealStack();
  world = await openRealWorld(stack, {
    chunkDelayMs: 15,
    env: {
      TEMPORAL_DEPLOYMENT_NAME: "pawl",
      PAWL_RUN_CAP_USD: String(CAP_MICRO_USD / 1e6),
      PAWL_TENANT_DAY_CAP_USD: "1000",
      PAWL_RETRY_MAX_ATTEMPTS: "100",
      PAWL_HEARTBEAT_TIMEOUT_MS: "5000",
      PAWL_FIRST_BYTE_TIMEOUT_MS: "30000",
      PAWL_IDLE_TIMEOUT_MS: "30000",
      PAWL_PROGRESS_TIMEOUT_MS: "30000",
      PAWL_CALL_TIMEOUT_MS: "60000",
    },
  });
  await world.model.script(SCRIPT);
}, 45 * 60_000);
afterAll(async () => {
  await world?.close();
  await stack?.close();
}, 60_000);

type Build = "A" | "B";

interface Fault {
  readonly name: string;
  readonly atMs: number;
  /** Until what died had been started again. */
  readonly backMs: number;
}

const faults: Fault[] = [];

async function suffer(name: string, fault: () => Promise<unknown>): Promise<void> {
  const bills = (await world.model.billing()).length;
  await until(
    "more is bought",
    async () => (await world.model.billing()).length >= bills + BILLS_APART,
    WITHIN_MS,
  );
  const atMs = Date.now();
  await fault();
  faults.push({ name, atMs, backMs: Date.now() - atMs });
}

const fleet: Record<Build, Process[]> = { A: [], B: [] };

async function hire(build: Build): Promise<void> {
  fleet[build].push(await world.startWorker({ TEMPORAL_WORKER_BUILD_ID: build }));
}

/** As who supervises processes does: another one starts where one died. */
async function killWorker(build: Build): Promise<void> {
  await suffer(`kill -9 of a worker of ${build}`, async () => {
    await fleet[build].shift()?.kill();
    await hire(build);
  });
}

async function makeCurrent(build: Build): Promise<void> {
  const version = ["--deployment-name", "pawl", "--build-id", build];
  await until(`${build} is current`, () =>
    stack
      .command("worker", "deployment", "set-current-version", ...version, "--yes")
      .then(() => true)
      .catch(() => false),
  );
}

async function startWave(): Promise<readonly string[]> {
  const order = {
    task: "Work.",
    tenant: "fleet",
    session: "s",
    limits: { costMicroUsd: CAP_MICRO_USD },
  };
  const started = Array.from({ length: WAVE }, () => world.client.start(order));
  return (await Promise.all(started)).map(({ runId }) => runId);
}

/** All that happens to the fleet; returns the runs that began before the update and those that began after it. */
async function live(): Promise<Record<Build, readonly string[]>> {
  await Promise.all([hire("A"), hire("A")]);
  await makeCurrent("A");
  const before = await startWave();
  for (let kills = 0; kills < 3; kills += 1) await killWorker("A");
  await suffer("kill -9 of Temporal's server", async () => {
    await stack.server.kill();
    await stack.server.start();
    await stack.isBack();
  });
  await killWorker("A");
  await Promise.all([hire("B"), hire("B")]);
  await suffer("update from A to B", () => makeCurrent("B"));
  const after = await startWave();
  for (const build of ["A", "B", "B"] as const) await killWorker(build);
  await suffer("immediate stop of PostgreSQL", async () => {
    await stack.postgres.crash();
    await stack.postgres.start();
  });
  for (const build of ["B", "A", "B"] as const) await killWorker(build);
  await Promise.all(before.map((runId) => world.client.result(runId)));
  for (const worker of fleet.A) expect(await worker.stop()).toBe(0);
  return { A: before, B: after };
}

interface Settled {
  readonly run_id: string;
  readonly ms: number;
}

/** From each fault until each run that was under way had its next reply. */
async function tellTimes(): Promise<void> {
  const settled = await world.db<Settled>`
    select run_id, (extract(epoch from resolved_at) * 1000)::float8 as ms
    from pawl.call where state = 'settled' order by resolved_at`;
  const timesOf = new Map<string, number[]>();
  for (const { run_id, ms } of settled) timesOf.set(run_id, [...(timesOf.get(run_id) ?? []), ms]);
  for (const { name, atMs, backMs } of faults) {
    const gaps = [...timesOf.values()]
      .filter((times) => (times[0] ?? Infinity) < atMs)
      .flatMap((times) => times.find((ms) => ms > atMs) ?? [])
      .map((ms) => ms - atMs)
      .toSorted((a, b) => a - b);
    const at = (share: number): string =>
      ((gaps[Math.ceil(share * gaps.length) - 1] ?? 0) / 1000).toFixed(1);
    process.stderr.write(
      `real fleet: ${name}: back after ${(backMs / 1000).toFixed(1)} s; of ${gaps.length} runs under way ` +
        `the first went on after ${at(0)} s, half after ${at(0.5)} s, all after ${at(1)} s\n`,
    );
  }
}

async function buildOf(runId: string): Promise<string | null | undefined> {
  return await withTemporalClient(stack.temporal, async (client) => {
    const { raw } = await client.workflow.getHandle(runId).describe();
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
  });
}

function tellMoney(money: readonly Money[], bills: number): void {
  const holds = money.flatMap((one) => one.holds);
  const of = (state: string): number => holds.filter((hold) => hold.state === state).length;
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, next) => all + next, 0);
  const usd = (microUsd: number): string => `$${(microUsd / 1e6).toFixed(4)}`;
  process.stderr.write(
    `real fleet: ${money.length} runs answered, ${money.length * TURNS} turns; ${bills} bills of the provider ` +
      `(${usd(sum(money.map(({ billedMicroUsd }) => billedMicroUsd)))}), ${of("settled")} attempts settled, ` +
      `${of("lost")} lost; charged ${usd(sum(holds.map(({ spent }) => spent ?? 0)))}\n`,
  );
}

test(
  `${2 * WAVE} runs, 10 workers, the server and PostgreSQL killed, and an update in the middle`,
  async () => {
    const runs = await live();
    const money = await Promise.all(
      [...runs.A, ...runs.B].map((runId) => endedWithRightMoney(world, runId, CAP_MICRO_USD)),
    );
    await tellTimes();
    const bills = await world.model.billing();
    tellMoney(money, bills.length);
    expect(faults).toHaveLength(13);

    for (const { result, holds, billedMicroUsd } of money) {
      const { runId } = result;
      const own = bills.filter(({ runKey }) => runKey === runId);
      const lost = holds.filter(({ state }) => state === "lost");
      const spent = Math.round(result.costUsd * 1e6);
      expect(result).toMatchObject({ answer: FINAL, turns: TURNS, toolCalls: TURNS - 1 });
      // Each reply that arrived was bought once, and each other bill is of an attempt that is known to be lost.
      expect(holds.filter(({ state }) => state === "settled")).toHaveLength(TURNS);
      expect(own.length - TURNS).toBeLessThanOrEqual(lost.length);
      if (lost.length === 0) expect([own.length, spent]).toEqual([TURNS, billedMicroUsd]);
    }
    for (const build of ["A", "B"] as const) {
      const builds = await Promise.all(runs[build].map(buildOf));
      expect(new Set(builds)).toEqual(new Set([build]));
    }
  },
  WITHIN_MS,
);
