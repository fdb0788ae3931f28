// Runs that can wait: half price, visible while they wait, and answered live where the lane does not.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { RunOrder } from "../../src/client/run-order.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { SHIPPED_MODELS, specOf } from "../../src/domain/model-table.ts";
import { priceOn } from "../../src/domain/pricing.ts";
import { billedMicroUsd } from "../../offline-model/billing.ts";
import { servedModel } from "../../offline-model/model-rules.ts";
import { aBatch, endedBatch, startBatch, sums } from "../support/batches.ts";
import { holdsOf } from "../support/chaos.ts";
import type { BatchSeen } from "../support/offline-model.ts";
import { until } from "../support/processes.ts";
import {
  microUsd,
  openRunBench,
  PATIENT,
  type RunBench,
  type RunSeen,
} from "../support/run-bench.ts";
import { slowTest } from "../support/tier.ts";

let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_BATCH_FIRST_LOOK_MS: "300" } });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.model.batchLane({ delayMs: 0 });
});

const TASK = "Say a word about pawls.";
const FOR_LONG = { canWait: { forMs: null } };
const CALL = { name: "calculator", input: { expression: "6*7" } };
const done = { reply: { text: "It is 42." } };
const script = (...entries: readonly object[]): Promise<void> => bench.world.model.script(entries);
const lane = (settings: { delayMs?: number; fates?: readonly object[] }): Promise<void> =>
  bench.world.model.batchLane(settings);

/** Live and batched together are what the run was charged, and the run's account says the same. */
async function expectRightMoney(runId: string, seen: RunSeen): Promise<void> {
  const { result } = seen;
  const holds = await holdsOf(bench.world, runId);
  const spent = holds.reduce((sum, hold) => sum + (hold.spent ?? 0), 0);
  const account = await createLedger(bench.world.db).account(`run/${runId}`);
  const fearedMicroUsd = microUsd(result.crashTaxUsd);
  const spentMicroUsd = spent - fearedMicroUsd;
  expect(account).toMatchObject({ spentMicroUsd, fearedMicroUsd, heldMicroUsd: 0 });
  expect(microUsd(result.costUsd)).toBe(spent);
  expect(spent - microUsd(result.crashTaxUsd)).toBe(seen.billedMicroUsd);
}

async function answered(order: Partial<RunOrder> = FOR_LONG): Promise<RunSeen & { runId: string }> {
  const runId = await bench.start(TASK, order);
  const seen = await bench.ended(runId);
  expect(seen.result).toMatchObject({ outcome: { kind: "answered" }, answer: "It is 42." });
  await expectRightMoney(runId, seen);
  return { ...seen, runId };
}

const lanesBilled = async (runId: string): Promise<readonly string[]> =>
  (await bench.world.model.billing(runId)).map((record) => record.lane ?? "live");

const waitsInBatch = (runId: string): Promise<unknown> =>
  until("the run waits for its batch", async () => {
    const shown = await bench.world.client.show(runId);
    return shown.kind === "open" && shown.status === "waiting" && shown.waiting?.reason === "batch";
  });

const theBatch = (): Promise<BatchSeen> =>
  until("there is a batch", async () => (await bench.world.model.batches())[0]);

describe("M3: a run that can wait", () => {
  it("pays half of what the same replies would have cost live, and says so", async () => {
    await script({ reply: { text: "I reckon.", toolCalls: [CALL] } }, done);
    const { runId, result } = await answered();
    expect(result).toMatchObject({ toolCalls: 1, modelCalls: 2, modelAttempts: 2, crashTaxUsd: 0 });
    const bills = await bench.world.model.billing(runId);
    expect(bills).toHaveLength(2);
    for (const { lane: inLane, ...bill } of bills) {
      const live = billedMicroUsd(bill, servedModel(bill.model)!, bill.at);
      expect(inLane).toBe("batch");
      expect(bill.costMicroUsd).toBe(Math.ceil(live / 2));
    }

    const events = await bench.events(runId);
    const replies = events.filter((event) => event.type === "reply.finished");
    expect(replies).toMatchObject([
      { lane: "batch", turn: 1 },
      { lane: "batch", turn: 2 },
    ]);
    const wait = events.find((event) => event.type === "run.waiting");
    expect(wait).toMatchObject({
      reason: "batch",
      message: expect.stringContaining("msgbatch_"),
      nextAttemptAt: expect.any(String),
    });
    const { rows } = await bench.world.client.usage({ by: "lane" });
    const batchRow = rows.find(({ name }) => name === "batch");
    expect(batchRow?.spentMicroUsd).toBe(microUsd(result.costUsd));
  });

  it("is shown as waiting, with its next look", async () => {
    await lane({ delayMs: 3_600_000 });
    await script(done);
    const runId = await bench.start(TASK, FOR_LONG);
    await waitsInBatch(runId);
    expect(await holdsOf(bench.world, runId)).toMatchObject([{ state: "held", attempt: 1 }]);
    await lane({ delayMs: 0 });
    await expectRightMoney(runId, await bench.ended(runId));
  });

  it("M2: holds half of what a live call would that asks the cache for an hour too", async () => {
    await script(done, done);
    const [batch] = await holdsOf(bench.world, (await answered()).runId);
    const [live] = await holdsOf(bench.world, (await answered({})).runId);
    // Prompt and reply are rounded up, each to the micro-dollar.
    const twice = 2 * (batch?.held ?? 0) - 4;
    const { cacheWrite1h, cacheWrite5m } = priceOn(
      specOf(SHIPPED_MODELS, "claude-sonnet-5-5"),
      new Date().toISOString(),
    );
    expect(batch?.held).toBeLessThan(live?.held ?? 0);
    expect(twice).toBeGreaterThan(live?.held ?? 0);
    expect(twice).toBeLessThan(((live?.held ?? 0) * cacheWrite1h) / cacheWrite5m);
  });

  it("is stopped by a cap like any other", async () => {
    const { result, requests } = await bench.run(TASK, {
      ...FOR_LONG,
      limits: { costMicroUsd: 100 },
    });
    expect(result.outcome).toMatchObject({ kind: "stopped", limit: "cost" });
    expect(requests).toEqual([]);
    expect(await bench.world.model.batches()).toEqual([]);
  });
});

it("I1: the items of a file of tasks share one cap in the batch lane too", async () => {
  const order = aBatch(sums(5));
  const items = order.items.map((item) => ({ ...item, ...FOR_LONG }));
  const batchId = await startBatch(bench.world, [], { items, capMicroUsd: 2_000_000 });
  const { result, billedMicroUsd: billed } = await endedBatch(bench.world, batchId);
  expect(result.ended).toMatchObject({ answered: 5 });
  expect(microUsd(result.costUsd)).toBe(billed);
  const lanes = (await bench.world.model.billing()).map((record) => record.lane ?? "live");
  expect(new Set(lanes)).toEqual(new Set(["batch"]));
});

describe("a batch that gives no reply is followed by a live call", () => {
  it.each([
    ["errored", "BATCH_ERRORED"],
    ["expired", "BATCH_EXPIRED"],
  ])("%s: it was free, and the viewer is told", async (kind, code) => {
    await lane({ fates: [{ kind }] });
    await script(done);
    const { runId, result } = await answered();
    expect(await lanesBilled(runId)).toEqual(["live"]);
    expect(result).toMatchObject({ crashTaxUsd: 0, modelAttempts: 2, turns: 1 });
    const retrying = (await bench.events(runId)).filter(({ type }) => type === "model.retrying");
    expect(retrying).toMatchObject([{ code, turn: 1 }]);
  });

  it("a submission that is refused", async () => {
    await bench.world.model.faults([{ kind: "auth" }]);
    await script(done);
    const { runId } = await answered();
    expect(await lanesBilled(runId)).toEqual(["live"]);
  });

  it("one that does not end in time: it is cancelled, and costs nothing", async () => {
    await lane({ fates: [{ kind: "never_ends" }] });
    await script(done);
    const { runId, result } = await answered({ canWait: { forMs: 4000 } });
    expect(await lanesBilled(runId)).toEqual(["live"]);
    expect(result.crashTaxUsd).toBe(0);
    const [batch] = await bench.world.model.batches();
    expect(batch?.cancel_initiated_at).not.toBeNull();
  });

  it("one that is answered although it was cancelled in time: that reply is used", async () => {
    await lane({ delayMs: 3_600_000, fates: [{ kind: "uncancellable" }] });
    await script(done);
    const { runId } = await answered({ canWait: { forMs: 4000 } });
    expect(await lanesBilled(runId)).toEqual(["batch"]);
  });

  it("where too little time is left for a first look, no batch is made", async () => {
    await script(done);
    const { runId } = await answered({ canWait: { forMs: 200 } });
    expect(await lanesBilled(runId)).toEqual(["live"]);
    expect(await bench.world.model.batches()).toEqual([]);
  });

  slowTest("near the run's wall clock", async () => {
    await lane({ fates: [{ kind: "never_ends" }] });
    await script(done);
    const { runId } = await answered({ ...FOR_LONG, limits: { wallClockMs: 20_000 } });
    expect(await lanesBilled(runId)).toEqual(["live"]);
  });
});

describe("M4: whether the batch was made", () => {
  it("is found out where the answer to the submission was lost: it is not bought twice", async () => {
    await bench.world.model.faults([{ kind: "answer_lost" }]);
    await script(done);
    const { runId, result } = await answered();
    expect(await lanesBilled(runId)).toEqual(["batch"]);
    expect(await bench.world.model.batches()).toHaveLength(1);
    expect(result).toMatchObject({ crashTaxUsd: 0, modelAttempts: 1 });
  });

  it("costs the hold where nobody can know, and the call goes into another batch", async () => {
    await bench.world.model.faults([{ kind: "reset_before_headers" }]);
    await script(done);
    const { runId, result } = await answered();
    expect(await lanesBilled(runId)).toEqual(["batch"]);
    const holds = await holdsOf(bench.world, runId);
    expect(holds.map(({ state }) => state)).toEqual(["lost", "settled"]);
    expect(microUsd(result.crashTaxUsd)).toBe(holds[0]?.held);
    expect(result.modelAttempts).toBe(2);
  });
});

describe("R6: whoever stops a run takes its batch back", () => {
  it("a cancel: the batch is cancelled, and nothing is charged", async () => {
    await lane({ delayMs: 3_600_000 });
    const runId = await bench.start(TASK, FOR_LONG);
    await waitsInBatch(runId);
    await bench.world.client.cancel(runId);
    const { result } = await bench.ended(runId);
    expect(result).toMatchObject({ outcome: { kind: "cancelled" }, costUsd: 0 });
    expect((await theBatch()).cancel_initiated_at).not.toBeNull();
  });

  it("a cancel that comes too late for the batch: its reply is the partial answer", async () => {
    await lane({ delayMs: 3_600_000, fates: [{ kind: "uncancellable" }] });
    await script(done);
    const runId = await bench.start(TASK, FOR_LONG);
    await waitsInBatch(runId);
    await bench.world.client.cancel(runId);
    const seen = await bench.ended(runId);
    expect(seen.result).toMatchObject({
      outcome: { kind: "cancelled" },
      answer: "It is 42.",
      partial: true,
    });
    await expectRightMoney(runId, seen);
  });

  it("an interrupt: the model is asked again, with what was said", async () => {
    await lane({ delayMs: 3_600_000 });
    await script(done);
    const runId = await bench.start(TASK, FOR_LONG);
    await waitsInBatch(runId);
    await bench.world.client.say(runId, { text: "And levers.", by: "tester", mode: "interrupt" });
    await until("there is another batch", async () => {
      const batches = await bench.world.model.batches();
      return batches.length === 2;
    });
    await lane({ delayMs: 0 });
    const seen = await bench.ended(runId);
    expect(seen.result).toMatchObject({ answer: "It is 42.", turns: 1 });
    expect(JSON.stringify(seen.requests[0]?.body?.messages)).toContain("And levers.");
    await expectRightMoney(runId, seen);
  });
});
