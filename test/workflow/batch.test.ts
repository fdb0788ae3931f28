// A batch on real Temporal: what its items come to, what it never does, and how it ends.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { identifyBatch } from "../../src/client/batch-order.ts";
import { endedCount, itemRunId } from "../../src/domain/batch.ts";
import { isPawlError } from "../../src/domain/errors.ts";
import {
  aBatch,
  endedBatch,
  historyCount,
  resetToStart,
  standing,
  startBatch,
  sums,
  terminate,
} from "../support/batches.ts";
import { until, type Process } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { slowTest } from "../support/tier.ts";
import { openWorld, type World } from "../support/world.ts";

const WITHIN_MS = 240_000;

let world: World;
let worker: Process;

beforeAll(async () => {
  // Attempts that a busy machine loses would be charged, and hide what the cap leaves unused.
  world = await openWorld({ env: { ...PATIENT, PAWL_HEARTBEAT_TIMEOUT_MS: "30000" } });
  worker = await world.startWorker();
}, 180_000);
afterAll(() => world?.close());
beforeEach(() => world.model.reset());

async function restartedWith(env: NodeJS.ProcessEnv): Promise<void> {
  await worker.stop();
  worker = await world.startWorker(env);
}

const underWay = async (): Promise<number> =>
  (await world.model.requests()).filter(({ state }) => state === "held").length;

describe("the items of a batch", () => {
  test("I1: each is one run, and the results stand in the order of the file", async () => {
    const batchId = await startBatch(world, sums(7));
    const { result, items } = await endedBatch(world, batchId);
    expect(result).toMatchObject({ outcome: { kind: "finished" }, items: 7, notStarted: 0 });
    expect(result.ended).toMatchObject({ answered: 7, failed: 0 });
    for (const [index, item] of items.entries()) {
      expect(item).toMatchObject({
        id: `item-${index + 1}`,
        runId: itemRunId(batchId, index + 1),
        outcome: { kind: "answered" },
        partial: false,
      });
      expect(item.answer).toContain(String(index + 2));
    }
    await until("the list of runs knows them by the session", async () => {
      const runs = await world.client.list({ session: batchId });
      return runs.length === 7 && runs.every(({ session }) => session === batchId);
    });
  }, 120_000);

  test("one that fails is told with its code, and the others go on", async () => {
    const tasks = sums(3).map((task, index) => ({
      ...{ id: `item-${index + 1}`, line: index + 1, task },
      ...(index === 1 ? { agent: "nobody" } : {}),
    }));
    const batchId = await startBatch(world, [], { items: tasks });
    const { result, items } = await endedBatch(world, batchId);
    expect(items[1]).toMatchObject({
      outcome: { kind: "failed", code: "UNKNOWN_AGENT" },
      answer: null,
      costUsd: 0,
    });
    expect(result.ended).toMatchObject({ answered: 2, failed: 1 });
  }, 120_000);

  test("I2: one whose run is ended from outside counts once, as failed", async () => {
    await world.model.script([{ times: 2, reply: { text: "Hm." }, hold: true }]);
    const batchId = await startBatch(world, sums(2));
    await until("both wait at the provider", async () => (await underWay()) === 2);
    await terminate(world, itemRunId(batchId, 1));
    await until("it is told", async () => (await world.client.batch(batchId)).ended.failed === 1);
    await world.model.release();
    const { status, result } = await standing(world, batchId, "ended", (b) => b.status === "ended");
    expect(status).toBe("ended");
    expect(result?.ended).toMatchObject({ answered: 1, failed: 1 });
    const items = [];
    for await (const item of world.client.batchResults(batchId)) items.push(item);
    expect(items[0]?.outcome).toMatchObject({ kind: "failed", code: "TERMINATED" });
  }, 120_000);

  test("I3: never more are under way than was ordered", async () => {
    await world.model.script([{ times: 9, reply: { text: "Done." }, hold: true }]);
    const batchId = await startBatch(world, sums(9), { concurrency: 4 });
    let seen = 0;
    while (seen < 9) {
      const held = await until("a window of runs waits at the provider", async () => {
        const now = await underWay();
        return now === Math.min(4, 9 - seen) && now;
      });
      expect((await world.model.requests()).length).toBe(seen + held);
      seen += held;
      await world.model.release();
    }
    expect((await endedBatch(world, batchId)).result.ended.answered).toBe(9);
  }, 120_000);
});

describe("a batch that an operator resets", () => {
  test("I1: begins no item twice: the runs that there are go on, and count", async () => {
    await world.model.script([{ times: 3, reply: { text: "Done." }, hold: true }]);
    const batchId = await startBatch(world, sums(5), { concurrency: 3 });
    await until("three wait at the provider", async () => (await underWay()) === 3);
    await resetToStart(world, batchId);
    await world.model.release();
    const { result, items } = await endedBatch(world, batchId);
    expect(result).toMatchObject({ outcome: { kind: "finished" }, ended: { answered: 5 } });
    expect(items.slice(0, 3).map(({ answer }) => answer)).toEqual(["Done.", "Done.", "Done."]);
    for (const { runId } of items.slice(0, 3)) {
      expect(await world.model.billing(runId ?? "")).toHaveLength(1);
    }
  }, 120_000);
});

describe("the cap of a batch", () => {
  test(
    "I4: is never passed, and once it is reached no further item is begun",
    async () => {
      await world.model.script([{ times: 100, reply: { text: "That is one. ".repeat(60) } }]);
      const capMicroUsd = 150_000;
      const order = { concurrency: 5, capMicroUsd };
      const batchId = await startBatch(world, sums(100), order);
      const { result, items, billedMicroUsd } = await endedBatch(world, batchId);
      let billed = 0;
      for (const { costMicroUsd } of await world.model.billing()) {
        billed += costMicroUsd;
        expect(billed).toBeLessThanOrEqual(capMicroUsd);
      }
      expect(billed).toBe(billedMicroUsd);
      expect(result.costUsd * 1_000_000).toBeLessThanOrEqual(capMicroUsd);
      expect(billed / capMicroUsd).toBeGreaterThanOrEqual(0.85);
      expect(result.outcome).toMatchObject({ kind: "stopped", limit: "batch" });
      expect(result.notStarted).toBeGreaterThan(0);
      const last = items.at(-1);
      expect(last).toMatchObject({ runId: null, costUsd: 0, outcome: { limit: "batch" } });
      expect(last?.outcome).toMatchObject({ message: expect.stringContaining("not started") });
      const runs = await world.db<{ runs: number }>`
        select count(*) as runs from pawl.run_record where session = ${batchId}`;
      expect(runs[0]?.runs).toBe(100 - result.notStarted);
    },
    WITHIN_MS,
  );
});

describe("the account of a batch", () => {
  test("I4: is charged for every call of its runs, that which chooses a tier included", async () => {
    await restartedWith({ PAWL_ROUTING: "by-classifier" });
    const batchId = await startBatch(world, sums(3), { capMicroUsd: 300_000 });
    const { result, billedMicroUsd } = await endedBatch(world, batchId);
    expect(result.ended.answered).toBe(3);
    expect(Math.round(result.costUsd * 1_000_000)).toBe(billedMicroUsd);
    await restartedWith({});
  }, 120_000);
});

describe("a batch that is cancelled", () => {
  test("cancels the runs that are under way, and begins no other", async () => {
    await world.model.script([{ times: 20, reply: { text: "Never." }, hold: true }]);
    const batchId = await startBatch(world, sums(8), { concurrency: 3 });
    await until("three wait at the provider", async () => (await underWay()) === 3);
    await world.client.cancel(batchId);
    const { result, items } = await endedBatch(world, batchId);
    expect(result).toMatchObject({ outcome: { kind: "cancelled" }, notStarted: 5 });
    expect(result.ended).toMatchObject({ cancelled: 3, answered: 0 });
    expect(items.map(({ outcome }) => outcome.kind)).toEqual(Array(8).fill("cancelled"));
    expect(items.filter(({ runId }) => runId === null)).toHaveLength(5);
    await until("it is over, and can't be cancelled any more", async () => {
      const refusal = await world.client.cancel(batchId).catch((error: unknown) => error);
      return isPawlError(refusal) && refusal.code === "RUN_ENDED";
    });
  }, 120_000);
});

describe("a batch with a long history", () => {
  const SHORT = { PAWL_HISTORY_MAX_EVENTS: "60" };
  test(
    "I5: goes on in fresh ones, and every item still has one run",
    async () => {
      await restartedWith(SHORT);
      const batchId = await startBatch(world, sums(24), { concurrency: 4 });
      const { result, items } = await endedBatch(world, batchId);
      expect(result.ended.answered).toBe(24);
      expect(await historyCount(world, batchId)).toBeGreaterThanOrEqual(2);
      expect(items.map(({ answer }) => answer?.match(/(\d+)\D*$/)?.[1])).toEqual(
        items.map((_, index) => String(index + 2)),
      );
    },
    WITHIN_MS,
  );

  slowTest(
    "I5: does not wait for a run that takes its time, hears of its end, and can cancel it",
    async () => {
      await restartedWith(SHORT);
      const order = aBatch(sums(20), { concurrency: 4, key: `slow-${Date.now()}` });
      const { batchId } = identifyBatch(order).input;
      const [first, second] = [itemRunId(batchId, 1), itemRunId(batchId, 2)];
      const slow = { reply: { text: "At last." }, hold: true };
      await world.model.script([first, second].map((runKey) => ({ match: { runKey }, ...slow })));
      await world.client.startBatch(order);
      await standing(world, batchId, "has all others behind it", (b) => endedCount(b.ended) === 18);
      expect(await historyCount(world, batchId)).toBeGreaterThanOrEqual(2);
      await world.model.release({ runKey: first });
      await standing(world, batchId, "has heard of the first", (b) => b.ended.answered === 19);
      await world.client.cancel(batchId);
      const { result, items } = await endedBatch(world, batchId);
      expect(result).toMatchObject({ outcome: { kind: "cancelled" }, notStarted: 0 });
      expect(items[0]).toMatchObject({ outcome: { kind: "answered" }, answer: "At last." });
      expect(items[1]).toMatchObject({ outcome: { kind: "cancelled" } });
    },
    WITHIN_MS,
  );
});

describe("a batch with a key", () => {
  test("is started once, also when it has ended; another file under the key is refused", async () => {
    const key = `once-${Date.now()}`;
    const batchId = await startBatch(world, sums(2), { key });
    const again = async () => await startBatch(world, sums(2), { key, concurrency: 7 });
    expect(await again()).toBe(batchId);
    await endedBatch(world, batchId);
    const requests = (await world.model.requests()).length;
    expect(await again()).toBe(batchId);
    await expect(startBatch(world, sums(3), { key })).rejects.toMatchObject({
      code: "IDEMPOTENCY_MISMATCH",
    });
    await expect(startBatch(world, sums(2), { key, capMicroUsd: 5 })).rejects.toMatchObject({
      code: "IDEMPOTENCY_MISMATCH",
    });
    expect((await world.model.requests()).length).toBe(requests);
  }, 120_000);

  test("another file is refused before any worker has opened the first", async () => {
    await worker.kill();
    const key = `early-${Date.now()}`;
    const batchId = await startBatch(world, sums(2), { key });
    expect(await world.client.batch(batchId)).toMatchObject({ status: "running", items: 2 });
    await expect(startBatch(world, sums(3), { key })).rejects.toMatchObject({
      code: "IDEMPOTENCY_MISMATCH",
    });
    worker = await world.startWorker();
    expect((await endedBatch(world, batchId)).result).toMatchObject({ items: 2, notStarted: 0 });
    await expect(world.client.pause(batchId)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    await expect(world.client.batch("batch_nobody")).rejects.toMatchObject({
      code: "RUN_NOT_FOUND",
    });
  }, 120_000);
});
