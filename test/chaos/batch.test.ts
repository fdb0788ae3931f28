// A batch while its workers are killed again and again: each item is one run, and what the provider
// bills stays within the cap of the batch at every record of the bill.
// PAWL_TEST_ITEMS sets how many; npm test starts 30.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { endedCount } from "../../src/domain/batch.ts";
import { endedBatch, standing, startBatch, sums } from "../support/batches.ts";
import { PATIENT } from "../support/run-bench.ts";
import type { Process } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

const ITEMS = Number(process.env["PAWL_TEST_ITEMS"] ?? 30);
const CONCURRENCY = ITEMS < 200 ? 6 : 20;
const KILLS = 2 + ROUNDS;
/** With the room that the worst case of a lost attempt needs, for each that can be lost at once. */
const CAP_MICRO_USD = ITEMS * 10_000 + KILLS * CONCURRENCY * 50_000;
const WITHIN_MS = 240_000 + ITEMS * 3000 + KILLS * 30_000;

let world: World;

beforeAll(async () => {
  world = await openWorld({
    // So slow that a kill finds calls under way.
    chunkDelayMs: 25,
    env: { ...PATIENT, PAWL_HISTORY_MAX_EVENTS: String(ITEMS < 200 ? 80 : 2000) },
  });
}, 180_000);
afterAll(() => world?.close());

test(
  "I1, M1 and M4: kill -9 of every worker loses no item, runs none twice, and never passes the cap",
  async () => {
    const startedAt = Date.now();
    let workers: readonly Process[] = [await world.startWorker(), await world.startWorker()];
    const order = { concurrency: CONCURRENCY, capMicroUsd: CAP_MICRO_USD };
    const batchId = await startBatch(world, sums(ITEMS), order);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = (ITEMS * kill) / (KILLS + 1);
      await standing(world, batchId, `has ${before} ended`, (b) => endedCount(b.ended) >= before);
      await Promise.all(workers.map((worker) => worker.kill()));
      workers = [await world.startWorker(), await world.startWorker()];
    }
    const { result, items, billedMicroUsd } = await endedBatch(world, batchId);
    let billed = 0;
    for (const { costMicroUsd } of await world.model.billing()) {
      billed += costMicroUsd;
      expect(billed).toBeLessThanOrEqual(CAP_MICRO_USD);
    }
    expect(billed).toBe(billedMicroUsd);
    expect(result).toMatchObject({ outcome: { kind: "finished" }, notStarted: 0 });
    expect(result.ended.answered).toBe(ITEMS);
    for (const [index, { answer }] of items.entries()) {
      expect(answer).toContain((index + 2).toLocaleString("en-US"));
    }
    const runs = await world.db<{ runs: number }>`
      select count(distinct run_id) as runs from pawl.call where session = ${batchId}`;
    expect(runs[0]?.runs).toBe(ITEMS);
    const { histories } = await world.client.exportHistories(batchId);
    expect(histories.length).toBeGreaterThanOrEqual(2);
    process.stderr.write(
      `${ITEMS} items, ${CONCURRENCY} at once, ${KILLS * 2} kills, ${histories.length} histories: ` +
        `billed $${billed / 1e6}, spent $${result.costUsd} in ${Date.now() - startedAt} ms\n`,
    );
  },
  WITHIN_MS,
);
