// Many runs in the batch lane on one shared cap, while workers are killed and the provider makes trouble:
// every run is answered, no batch is bought twice, and the books are the bill.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { BillingRecord } from "../../offline-model/billing.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { until, type Process } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

const RUNS = ROUNDS > 1 ? 60 : 12;
const KILLS = ROUNDS > 1 ? 12 : 3;
const WORKERS = 2;
const TURNS = 2;
const CALL = { name: "calculator", input: { expression: "6*7" } };
/** More than all of it costs, crash tax included. */
const CAP_MICRO_USD = 5_000_000;

let world: World;

beforeAll(async () => {
  world = await openWorld({
    env: {
      PAWL_BATCH_FIRST_LOOK_MS: "800",
      PAWL_RETRY_MAX_ATTEMPTS: "20",
      PAWL_SESSION_CAP_USD: String(CAP_MICRO_USD / 1_000_000),
    },
  });
}, 180_000);
afterAll(() => world?.close(), 60_000);

interface Paid {
  readonly runId: string;
  readonly state: string;
  readonly lane: "batch" | "live";
  readonly spent: number;
  readonly held: number;
}

async function holds(): Promise<readonly Paid[]> {
  return await world.db<Paid>`
    select run_id as "runId", state, (spent + feared)::float8 as spent, amount::float8 as held, lane
    from pawl.call
    union all
    select run_id, 'held', 0, amount::float8, lane from pawl.hold`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, next) => all + next, 0);
const costOf = (bill: readonly BillingRecord[]): number => sum(bill.map((b) => b.costMicroUsd));
const spentOn = (paid: readonly Paid[]): number => sum(paid.map(({ spent }) => spent));

async function startTroubledRuns(): Promise<readonly string[]> {
  const { client, model } = world;
  // By what is asked and not by its order: a call whose reply was lost is made again.
  await model.script([
    { match: { contains: "tool_result" }, times: 10_000, reply: { text: "It is 42." } },
    { match: { contains: "can wait" }, times: 10_000, reply: { toolCalls: [CALL] } },
  ]);
  await model.batchLane({
    delayMs: 500,
    fates: [
      { kind: "errored", skip: 2 },
      { kind: "expired", skip: 5 },
    ],
  });
  await model.faults([
    { kind: "answer_lost", skip: 1 },
    { kind: "rate_limit", skip: 3 },
    { kind: "reset_before_headers", skip: 5 },
    { kind: "overloaded", skip: 7 },
  ]);
  const runIds: string[] = [];
  for (let n = 1; n <= RUNS; n += 1) {
    const task = `Task ${n} of those that can wait.`;
    const order = { task, tenant: "fleet", session: "fleet", canWait: { forMs: null } };
    runIds.push((await client.start(order)).runId);
  }
  return runIds;
}

async function killNow(workers: Process[]): Promise<void> {
  const victim = workers.shift();
  await victim?.kill();
  workers.push(await world.startWorker());
}

test(
  "U1, U2: a fleet of runs that can wait, workers killed: each batch is used once, and billed ≤ spent ≤ cap",
  async () => {
    const workers: Process[] = [];
    for (let n = 0; n < WORKERS; n += 1) workers.push(await world.startWorker());
    const runIds = await startTroubledRuns();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const made = Math.min(kill * 3, RUNS);
      await until(
        "more is bought",
        async () => (await world.model.batches()).length >= made,
        60_000,
      );
      await killNow(workers);
    }
    const results = await Promise.all(runIds.map((runId) => world.client.result(runId)));
    for (const result of results) {
      expect(result).toMatchObject({
        outcome: { kind: "answered" },
        answer: "It is 42.",
        turns: TURNS,
      });
    }

    const paid = await holds();
    const bill = await world.model.billing();
    const settled = paid.filter(({ state }) => state === "settled");
    const charged = paid.filter(({ state }) => state === "lost");
    const inBatch = (lane: string) => (of: { readonly lane?: string }) =>
      (of.lane ?? "live") === lane;
    expect(paid.filter(({ state }) => state === "held")).toEqual([]);
    for (const { spent, held } of charged) expect(spent).toBe(held);
    expect(settled).toHaveLength(RUNS * TURNS);
    // Each reply that a batch gave is in the books once, at the price on the bill.
    expect(bill.filter(inBatch("batch"))).toHaveLength(settled.filter(inBatch("batch")).length);
    expect(costOf(bill.filter(inBatch("batch")))).toBe(spentOn(settled.filter(inBatch("batch"))));
    expect(costOf(bill)).toBeGreaterThanOrEqual(spentOn(settled));
    expect(costOf(bill)).toBeLessThanOrEqual(spentOn(paid));
    for (const [index, runId] of runIds.entries()) {
      const own = paid.filter((hold) => hold.runId === runId);
      expect(Math.round((results[index]?.costUsd ?? 0) * 1_000_000)).toBe(spentOn(own));
      expect(costOf(bill.filter(({ runKey }) => runKey === runId))).toBeLessThanOrEqual(
        spentOn(own),
      );
    }
    const account = await createLedger(world.db).account("session/fleet/fleet");
    expect(account).toMatchObject({ heldMicroUsd: 0 });
    expect((account?.spentMicroUsd ?? 0) + (account?.fearedMicroUsd ?? 0)).toBe(spentOn(paid));
    expect(spentOn(paid)).toBeLessThanOrEqual(CAP_MICRO_USD);
    const { rows } = await world.client.usage({ by: "lane" });
    const counted = rows.map(({ spentMicroUsd, fearedMicroUsd }) => spentMicroUsd + fearedMicroUsd);
    expect(sum(counted)).toBe(spentOn(paid));
    process.stderr.write(
      `batch lane: ${RUNS} runs of ${TURNS} turns, ${KILLS} kills: ${settled.filter(inBatch("batch")).length} replies ` +
        `in batches, ${settled.filter(inBatch("live")).length} live; billed ${costOf(bill)}, spent ${spentOn(paid)}, ` +
        `of it crash tax ${spentOn(charged)} (${charged.length} holds) micro-USD\n`,
    );
    await Promise.all(workers.map((worker) => worker.kill()));
  },
  180_000 + RUNS * 10_000,
);
