// Workers that die at each moment that matters to a call in the batch lane. However it goes, the run is
// answered, no reply is bought twice without its hold, and the books are the bill.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createLedger } from "../../src/store/ledger.ts";
import {
  EACH_ROUND,
  endedWithRightMoney,
  patience,
  startRun,
  type Money,
} from "../support/chaos.ts";
import { until, type Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

const FOR_LONG = { canWait: { forMs: null } };
const CALL = { name: "calculator", input: { expression: "6*7" } };
const HOUR_MS = 3_600_000;

let world: World;
const workers: Process[] = [];

beforeAll(async () => {
  world = await openWorld({ env: { PAWL_BATCH_FIRST_LOOK_MS: "500" } });
}, 180_000);
afterAll(() => world?.close(), 60_000);
beforeEach(() => world.model.reset());
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.kill())));

async function startWorker(env: NodeJS.ProcessEnv = {}): Promise<Process> {
  const worker = await world.startWorker(env);
  workers.push(worker);
  return worker;
}

async function prepare(delayMs = 0): Promise<void> {
  await world.model.reset();
  await world.model.batchLane({ delayMs });
  const replies = [{ toolCalls: [CALL] }, { text: "It is 42." }];
  await world.model.script(replies.map((reply) => ({ match: { contains: "pawls" }, reply })));
}

async function ended(runId: string): Promise<Money> {
  const money = await endedWithRightMoney(world, runId);
  const { result, billedMicroUsd } = money;
  expect(result.answer).toBe("It is 42.");
  const account = await createLedger(world.db).account(`run/${runId}`);
  const { spentMicroUsd, fearedMicroUsd } = account!;
  expect(spentMicroUsd + fearedMicroUsd).toBe(Math.round(result.costUsd * 1_000_000));
  expect(fearedMicroUsd).toBe(Math.round(result.crashTaxUsd * 1_000_000));
  expect(spentMicroUsd).toBe(billedMicroUsd);
  return money;
}

const statesOf = ({ holds }: Money): readonly string[] => holds.map(({ state }) => state);

/** The run itself has heard of its nth batch. */
async function untilWaitingFor(runId: string, nth: number): Promise<void> {
  await until(`the run waits for batch ${nth}`, async () => {
    const batch = (await world.model.batches())[nth - 1];
    const shown = await world.client.show(runId);
    if (batch === undefined || shown.kind !== "open") return false;
    return shown.waiting?.message.includes(batch.id);
  });
}

async function submitsElsewhere(): Promise<void> {
  const params = {
    model: "claude-haiku-5-5",
    max_tokens: 10,
    messages: [{ role: "user", content: "Hi." }],
  };
  const response = await fetch(`${world.model.url}/v1/messages/batches`, {
    method: "POST",
    headers: { "x-api-key": "offline", "anthropic-version": "2023-06-01" },
    body: JSON.stringify({ requests: [{ custom_id: "theirs", params }] }),
  });
  expect(response.ok).toBe(true);
}

describe("kill -9 of the worker that submits", () => {
  test(
    "U1: before the batch is made: its hold is the crash tax, and another batch answers",
    async () => {
      for (const _ of EACH_ROUND) {
        await prepare();
        const victim = await startWorker({
          PAWL_FAILPOINT: "batch_lane.before_create",
        });
        const runId = await startRun(world, FOR_LONG);
        await victim.ended;
        expect(await world.model.batches()).toEqual([]);
        const rescuer = await startWorker();
        const money = await ended(runId);
        expect(statesOf(money)).toEqual(["lost", "settled", "settled"]);
        expect(money.result.crashTaxUsd).toBeGreaterThan(0);
        expect(await world.model.batches()).toHaveLength(2);
        await rescuer.kill();
      }
    },
    patience(),
  );

  test(
    "U2: after the batch is made and before anybody knows: it is found, among those of others, and used",
    async () => {
      for (const _ of EACH_ROUND) {
        await prepare();
        const victim = await startWorker({
          PAWL_FAILPOINT: "batch_lane.after_create",
        });
        await submitsElsewhere();
        const runId = await startRun(world, FOR_LONG);
        await victim.ended;
        await submitsElsewhere();
        expect(await world.model.batches()).toHaveLength(3);
        const rescuer = await startWorker();
        const money = await ended(runId);
        expect(statesOf(money)).toEqual(["settled", "settled"]);
        expect(money.result.crashTaxUsd).toBe(0);
        expect(await world.model.billing(runId)).toHaveLength(2);
        await rescuer.kill();
      }
    },
    patience(),
  );
});

describe("kill -9 while the run waits for its batch", () => {
  test(
    "M1: another worker collects it; also where the transcript is lost meanwhile",
    async () => {
      for (const _ of EACH_ROUND) {
        await prepare();
        const worker = await startWorker();
        const runId = await startRun(world, FOR_LONG);
        await until("the first reply is billed", async () => (await world.model.billing(runId))[0]);
        await world.model.batchLane({ delayMs: HOUR_MS });
        await untilWaitingFor(runId, 2);
        await worker.kill();
        await world.db`delete from pawl.message where run_id = ${runId}`;
        const rescuer = await startWorker();
        await world.model.batchLane({ delayMs: 0 });
        const money = await ended(runId);
        expect(statesOf(money)).toEqual(["settled", "settled"]);
        expect(await world.model.batches()).toHaveLength(2);
        expect(rescuer.lines.some((line) => line.includes("transcript_rebuilt"))).toBe(true);
        await rescuer.kill();
      }
    },
    patience(),
  );

  test(
    "with no worker at all for a while, the batch ends and waits for one",
    async () => {
      await prepare(HOUR_MS);
      const worker = await startWorker();
      const runId = await startRun(world, FOR_LONG);
      await untilWaitingFor(runId, 1);
      await worker.kill();
      await world.model.batchLane({ delayMs: 0 });
      await until("it is billed", async () => (await world.model.billing(runId))[0]);
      const rescuer = await startWorker();
      expect(statesOf(await ended(runId))).toEqual(["settled", "settled"]);
      await rescuer.kill();
    },
    patience(),
  );
});

describe("kill -9 of the worker that collects", () => {
  test.each(["call_model.before_settle", "call_model.after_settle"])(
    "M1, M3: at %s: the reply is settled once",
    async (failpoint) => {
      for (const _ of EACH_ROUND) {
        await prepare();
        const victim = await startWorker({ PAWL_FAILPOINT: failpoint });
        const runId = await startRun(world, FOR_LONG);
        await victim.ended;
        const rescuer = await startWorker();
        const money = await ended(runId);
        expect(statesOf(money)).toEqual(["settled", "settled"]);
        expect(money.result).toMatchObject({ crashTaxUsd: 0, modelAttempts: 2, modelCalls: 2 });
        expect(await world.model.batches()).toHaveLength(2);
        await rescuer.kill();
      }
    },
    patience(),
  );
});
