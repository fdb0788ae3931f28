// Temporal and Postgres die under runs in flight, and come back with what they had on disk.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  createStopwatch,
  EACH_ROUND,
  endedWithRightMoney,
  heldRequest,
  patience,
  progressAfter,
  PROGRESS_WITHIN_MS,
  startRun,
} from "../support/chaos.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import type { Process } from "../support/processes.ts";
import { startTemporalWorld, type TemporalWorld } from "../support/temporal.ts";
import { openWorld, type World } from "../support/world.ts";

let postgres: PostgresServer;
let temporal: TemporalWorld;
let world: World;
let worker: Process;
const stopwatch = createStopwatch();

beforeAll(async () => {
  [postgres, temporal] = await Promise.all([startPostgres(), startTemporalWorld()]);
  world = await openWorld({ database: postgres, temporal });
  worker = await world.startWorker();
}, 180_000);
afterAll(async () => {
  stopwatch.report();
  await world?.close();
  await postgres?.stop();
  await temporal?.close();
}, 60_000);
beforeEach(() => world.model.reset());

/** Known by what was said before, so that a second attempt gets the same reply. */
const SECOND_TURN = { match: { contains: "Let me look." }, times: 100 };
const TALK = [
  { ...SECOND_TURN, reply: { textBytes: 400 } },
  {
    times: 100,
    reply: {
      text: "Let me look.",
      toolCalls: [{ name: "web_search", input: { query: "Earth" } }],
    },
  },
];

const MOMENTS: [string, object][] = [
  ["before the first byte", { kind: "hold" }],
  ["in the middle of the stream", { kind: "hold", afterEvents: 5 }],
  ["in the stream after a tool", { kind: "hold", afterEvents: 5, match: SECOND_TURN.match }],
];

async function runHeldAt(fault: object): Promise<string> {
  await world.model.reset();
  await world.model.script(TALK);
  await world.model.faults([fault]);
  const runId = await startRun(world);
  await heldRequest(world, runId);
  return runId;
}

describe("Temporal killed and started again on its file", () => {
  test.each(MOMENTS)(
    "%s: the run answers, and its money is right",
    async (moment, fault) => {
      for (const _ of EACH_ROUND) {
        const runId = await runHeldAt(fault);
        await temporal.kill();
        await temporal.start();
        const answersSinceMs = Date.now();
        await world.model.release();
        const { result } = await endedWithRightMoney(world, runId);
        expect(result.answer).toHaveLength(400);
        expect(result.toolCalls).toBe(1);
        const ms = await progressAfter(world, runId, answersSinceMs);
        stopwatch.record(`Temporal killed ${moment}`, ms);
        expect(ms).toBeLessThanOrEqual(PROGRESS_WITHIN_MS);
      }
    },
    patience(),
  );

  test(
    "together with the worker: the run answers, and its money is right",
    async () => {
      for (const _ of EACH_ROUND) {
        const runId = await runHeldAt({ kind: "hold", afterEvents: 5 });
        await Promise.all([temporal.kill(), worker.kill()]);
        await temporal.start();
        worker = await world.startWorker();
        const pollsSinceMs = Date.now();
        const { result } = await endedWithRightMoney(world, runId);
        expect(result.answer).toHaveLength(400);
        const ms = await progressAfter(world, runId, pollsSinceMs);
        stopwatch.record("Temporal and worker killed", ms);
        expect(ms).toBeLessThanOrEqual(PROGRESS_WITHIN_MS);
      }
    },
    patience(),
  );
});

describe("PostgreSQL crashed and started again", () => {
  test.each(MOMENTS)(
    "%s: the run answers, and its money is right",
    async (moment, fault) => {
      for (const _ of EACH_ROUND) {
        const runId = await runHeldAt(fault);
        await postgres.crash();
        await world.model.release();
        await postgres.start();
        const answersSinceMs = Date.now();
        const { result } = await endedWithRightMoney(world, runId);
        expect(result.answer).toHaveLength(400);
        expect(result.toolCalls).toBe(1);
        stopwatch.record(
          `PostgreSQL crashed ${moment}`,
          await progressAfter(world, runId, answersSinceMs),
        );
      }
    },
    patience(),
  );
});
