// Workers that die, freeze or are told to go, at each moment that matters for money.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  createStopwatch,
  EACH_ROUND,
  endedWithRightMoney,
  heldRequest,
  patience,
  progressAfter,
  PROGRESS_WITHIN_MS,
  requestsOf,
  startRescuer,
  startRun,
} from "../support/chaos.ts";
import { until, type Process } from "../support/processes.ts";
import { ROUNDS } from "../support/tier.ts";
import { HEARTBEAT_TIMEOUT_MS, openWorld, type World } from "../support/world.ts";

/** For workers that are frozen or wait for long: their own timers must not end the call. */
const PATIENT = {
  PAWL_FIRST_BYTE_TIMEOUT_MS: "120000",
  PAWL_IDLE_TIMEOUT_MS: "120000",
  PAWL_PROGRESS_TIMEOUT_MS: "120000",
  PAWL_CALL_TIMEOUT_MS: "240000",
};

let world: World;
const stopwatch = createStopwatch();

beforeAll(async () => {
  world = await openWorld();
}, 180_000);
afterAll(async () => {
  stopwatch.report();
  await world?.close();
}, 60_000);
beforeEach(() => world.model.reset());

describe("kill -9 while a reply is on its way", () => {
  test.each([
    ["before the first byte", 0],
    ["in the middle of the stream", 5],
  ])(
    "M4: %s: the attempt is charged at its hold, and the run answers",
    async (moment, afterEvents) => {
      let worker = await world.startWorker();
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([{ reply: { textBytes: 400 }, times: 2 }]);
        await world.model.faults([{ kind: "hold", afterEvents }]);
        const runId = await startRun(world);
        expect((await heldRequest(world, runId)).eventsSent).toBe(afterEvents);
        await worker.kill();
        const rescuer = await startRescuer(world);
        worker = rescuer.worker;
        const { result, holds } = await endedWithRightMoney(world, runId);
        expect(holds.map(({ state }) => state)).toEqual(["lost", "settled"]);
        expect(result.crashTaxUsd).toBeGreaterThan(0);
        expect(result.answer).toHaveLength(400);
        const ms = await progressAfter(world, runId, rescuer.pollsSinceMs);
        stopwatch.record(`worker killed ${moment}`, ms);
        expect(ms).toBeLessThanOrEqual(PROGRESS_WITHIN_MS);
      }
      await worker.kill();
    },
    patience(),
  );
});

/** A worker that kills itself where it is armed, and another that takes over once it is dead. */
async function dieAndRescue(failpoint: string, runId: string, victim: Process): Promise<number> {
  await victim.ended;
  const { worker, pollsSinceMs } = await startRescuer(world);
  await world.client.result(runId);
  await worker.kill();
  const ms = await progressAfter(world, runId, pollsSinceMs);
  stopwatch.record(`worker killed at ${failpoint}`, ms);
  return ms;
}

describe("kill -9 when the reply is in the journal and nobody has heard of it", () => {
  test.each(["call_model.after_settle:1", "call_model.after_settle:2"])(
    "M1, M3: %s: it is adopted and not bought again",
    async (failpoint) => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([
          { reply: { toolCalls: [{ name: "calculator", input: { expression: "6*7" } }] } },
          { reply: { text: "It is 42." } },
        ]);
        const victim = await world.startWorker({ PAWL_FAILPOINT: failpoint });
        const runId = await startRun(world);
        const ms = await dieAndRescue(failpoint, runId, victim);
        const { result, holds, billedMicroUsd } = await endedWithRightMoney(world, runId);
        expect(result.answer).toBe("It is 42.");
        expect(holds.map(({ state }) => state)).toEqual(["settled", "settled"]);
        expect(await world.model.billing(runId)).toHaveLength(2);
        expect(Math.round(result.costUsd * 1_000_000)).toBe(billedMicroUsd);
        expect(ms).toBeLessThanOrEqual(PROGRESS_WITHIN_MS);
      }
    },
    patience(),
  );
});

/** An inline tool runs inside a workflow task, which Temporal gives to another worker after this long. */
const WORKFLOW_TASK_TIMEOUT_MS = 10_000;

describe("kill -9 during a tool", () => {
  test.each([
    ["web_search", { query: "Earth" }, PROGRESS_WITHIN_MS],
    ["calculator", { expression: "6*7" }, WORKFLOW_TASK_TIMEOUT_MS + 3000],
  ])(
    "R3: %s runs again, and its call has one answer",
    async (name, input, withinMs) => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([
          { reply: { toolCalls: [{ name, input }] } },
          { reply: { text: "Found." } },
        ]);
        const victim = await world.startWorker({ PAWL_FAILPOINT: "run_tool.before_answer" });
        const runId = await startRun(world);
        const ms = await dieAndRescue(`run_tool.before_answer of ${name}`, runId, victim);
        const { result, holds } = await endedWithRightMoney(world, runId);
        expect(result).toMatchObject({ answer: "Found.", toolCalls: 1, crashTaxUsd: 0 });
        expect(holds.map(({ state }) => state)).toEqual(["settled", "settled"]);
        expect(ms).toBeLessThanOrEqual(withinMs);
      }
    },
    patience(),
  );
});

describe("a worker that is frozen for twice the heartbeat timeout", () => {
  test(
    "settles too late, is refused, and the run has the reply of the other",
    async () => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([
          { reply: { text: "Too late." } },
          { reply: { text: "In time." } },
        ]);
        await world.model.faults([{ kind: "hold", skip: 1 }]);
        const zombie = await world.startWorker({
          ...PATIENT,
          // The polls of a frozen worker stay open, and each may swallow an attempt for a heartbeat timeout.
          PAWL_RETRY_MAX_ATTEMPTS: "50",
          PAWL_FAILPOINT: "call_model.before_settle:1:SIGSTOP",
        });
        const runId = await startRun(world);
        await until("the first reply is billed", async () => (await world.model.billing(runId))[0]);
        const frozenAtMs = Date.now();
        const worker = await world.startWorker(PATIENT);
        await heldRequest(world, runId, 90_000);
        await until(
          "it was frozen for long enough",
          () => Date.now() > frozenAtMs + 2 * HEARTBEAT_TIMEOUT_MS,
        );
        zombie.signal("SIGCONT");
        await zombie.line("was given up before its reply arrived");
        await world.model.release();
        const { result, holds } = await endedWithRightMoney(world, runId);
        expect(result.answer).toBe("In time.");
        expect(holds.map(({ state }) => state)).toEqual(["lost", "settled"]);
        await Promise.all([zombie.kill(), worker.kill()]);
      }
    },
    patience(2 * ROUNDS),
  );
});

describe("SIGTERM", () => {
  test(
    "lets a reply that is on its way arrive: nothing is bought twice",
    async () => {
      for (const _ of EACH_ROUND) {
        await world.model.reset();
        await world.model.script([
          { reply: { toolCalls: [{ name: "web_search", input: { query: "Earth" } }] } },
          { reply: { text: "Found." } },
        ]);
        await world.model.faults([{ kind: "hold", afterEvents: 3 }]);
        const leaving = await world.startWorker(PATIENT);
        const runId = await startRun(world);
        await heldRequest(world, runId);
        leaving.signal("SIGTERM");
        await world.model.release();
        expect(await leaving.ended).toBe(0);
        const { worker } = await startRescuer(world);
        const { result } = await endedWithRightMoney(world, runId);
        expect(result).toMatchObject({ answer: "Found.", crashTaxUsd: 0 });
        expect(await requestsOf(world, runId)).toHaveLength(2);
        await worker.kill();
      }
    },
    patience(),
  );

  test("at the end of its grace the worker gives the attempt up, which is not a cancel", async () => {
    await world.model.script([{ reply: { text: "Too slow." } }, { reply: { text: "Found." } }]);
    await world.model.faults([{ kind: "hold", afterEvents: 3 }]);
    const leaving = await world.startWorker(PATIENT);
    const runId = await startRun(world);
    await heldRequest(world, runId);
    leaving.signal("SIGTERM");
    const rescuer = await world.startWorker();
    expect(await leaving.ended).toBe(0);
    const { result, holds } = await endedWithRightMoney(world, runId);
    expect(result.answer).toBe("Found.");
    expect(holds.map(({ state }) => state)).toEqual(["lost", "settled"]);
    await rescuer.kill();
  }, 180_000);
});
