// A run that books five things, one a turn, and is cancelled: whatever dies before or meanwhile, no booking stays, each
// is taken back once, and the last first.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EACH_ROUND, heldRequest, patience, startRun } from "../support/chaos.ts";
import type { Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

const EFFECTS = [1, 2, 3, 4, 5];

let world: World;
let dir: string;
let file: string;
const workers: Process[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-saga-"));
  file = join(dir, "bookings");
  await writeFile(file, "");
  world = await openWorld({ workerMain: "test/support/saga-worker.mjs", env: { BOOKINGS: file } });
}, 180_000);
afterEach(async () => {
  // Whoever lives on would serve the next run, and die at no moment.
  for (const worker of workers.splice(0)) await worker.kill();
});
afterAll(async () => {
  await world?.close();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

async function started(env: NodeJS.ProcessEnv = {}): Promise<Process> {
  const worker = await world.startWorker(env);
  workers.push(worker);
  return worker;
}

async function begun(diesAt: string) {
  await writeFile(file, "");
  await world.model.reset();
  await world.model.script([
    ...EFFECTS.map((what) => ({ reply: { toolCalls: [{ name: "book", input: { what } }] } })),
    { hold: true, reply: { text: "All is booked." } },
  ]);
  const worker = await started({ DIES_AT: diesAt });
  const runId = await startRun(world, { agent: "booker" });
  return { worker, runId };
}

async function bookings(): Promise<{ readonly did: string[]; readonly undid: string[] }> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const keys = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return { did: keys("did"), undid: keys("undid") };
}

/**
 * Effects minus compensations is nothing, each was taken back once, and the order was reversed. `count`: what had
 * happened when the worker died; an attempt that was lost may be made once more before it hears of the cancel.
 */
async function expectNothingLeft(count: number): Promise<void> {
  const { did, undid } = await bookings();
  expect([count, Math.min(count + 1, EFFECTS.length)]).toContain(did.length);
  expect(new Set(did).size).toBe(did.length);
  expect(undid).toEqual(did.toReversed());
}

const KILLS: readonly (readonly [string, number])[] = EFFECTS.flatMap((what) => [
  [`before ${what}`, what - 1] as const,
  [`after ${what}`, what] as const,
]);

describe("Y3: killed, then cancelled", () => {
  test.each(KILLS)(
    "%s: what was booked is taken back",
    async (diesAt, count) => {
      for (const _ of EACH_ROUND) {
        const { worker: victim, runId } = await begun(diesAt);
        await victim.ended;
        await world.client.cancel(runId);
        const rescuer = await started();
        const { outcome, compensations = [] } = await world.client.result(runId);
        expect(outcome.kind).toBe("cancelled");
        expect(compensations.every(({ undo }) => undo === "undone" || undo === "absent")).toBe(
          true,
        );
        await expectNothingLeft(count);
        await rescuer.kill();
      }
    },
    patience(),
  );

  test.each(["while a model is asked", "before the run has begun"])(
    "%s: what was booked is taken back",
    async (moment) => {
      for (const _ of EACH_ROUND) {
        const isEarly = moment.startsWith("before");
        const { worker: victim, runId } = await begun("");
        if (!isEarly) await heldRequest(world, runId);
        await victim.kill();
        await world.client.cancel(runId);
        const rescuer = await started();
        const { outcome } = await world.client.result(runId);
        expect(outcome.kind).toBe("cancelled");
        const { did } = await bookings();
        if (!isEarly) expect(did).toHaveLength(EFFECTS.length);
        await expectNothingLeft(did.length);
        await rescuer.kill();
      }
    },
    patience(),
  );
});

describe("Y3: cancelled, then killed", () => {
  test.each(["undoing 5", "undone 5", "undoing 3", "undone 3", "undoing 1", "undone 1"])(
    "%s: no booking is taken back twice, and none stays",
    async (diesAt) => {
      for (const _ of EACH_ROUND) {
        const { worker: victim, runId } = await begun(diesAt);
        await heldRequest(world, runId);
        await world.client.cancel(runId);
        await victim.ended;
        const rescuer = await started();
        const { outcome, compensations } = await world.client.result(runId);
        expect(outcome.kind).toBe("cancelled");
        expect(compensations?.map(({ undo }) => undo)).toEqual(EFFECTS.map(() => "undone"));
        await expectNothingLeft(EFFECTS.length);
        await rescuer.kill();
      }
    },
    patience(),
  );
});
