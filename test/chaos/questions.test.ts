// Everything dies while a tool waits for a person's answer: the question stands when all is back, and the tool is
// executed once with what was said.

import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EACH_ROUND, endedWithRightMoney, patience, startRun } from "../support/chaos.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import type { Process } from "../support/processes.ts";
import { answerTo, askingCalls } from "../support/questions.ts";
import { startTemporalWorld, type TemporalWorld } from "../support/temporal.ts";
import { openWorld, type World } from "../support/world.ts";

let postgres: PostgresServer;
let temporal: TemporalWorld;
let world: World;
let worker: Process;
let dir: string;
let notes: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-asking-"));
  notes = join(dir, "notes");
  [postgres, temporal] = await Promise.all([startPostgres(), startTemporalWorld()]);
  const workerMain = "test/support/asking-worker.mjs";
  world = await openWorld({ database: postgres, temporal, workerMain, env: { NOTES: notes } });
  worker = await world.startWorker();
}, 180_000);
afterAll(async () => {
  await world?.close();
  await postgres?.stop();
  await temporal?.close();
  await rm(dir, { recursive: true, force: true });
}, 60_000);
beforeEach(() => world.model.reset());

async function killAll(): Promise<void> {
  await Promise.all([worker.kill(), temporal.kill(), postgres.crash()]);
  await Promise.all([temporal.start(), postgres.start()]);
  worker = await world.startWorker();
}

test(
  "O4: a question that outlives worker, Temporal and database is answered, and its tool executed once",
  async () => {
    for (const _ of EACH_ROUND) {
      await writeFile(notes, "");
      await world.model.reset();
      await world.model.script([
        { reply: { toolCalls: [{ name: "seat", input: { guests: 2 } }] } },
        { times: 5, reply: { text: "At the bar." } },
      ]);
      const runId = await startRun(world, { agent: "steward" });
      const before = await askingCalls(world.client, runId);
      await killAll();
      const [pending] = await askingCalls(world.client, runId);
      expect([pending]).toEqual(before);
      expect(await readFile(notes, "utf8")).toBe("");
      // Sent while the worker may still be finding its feet: it is repeated, and counts once.
      const answering = world.client.answer(runId, answerTo(pending));
      await worker.kill();
      worker = await world.startWorker();
      expect(await answering).toMatchObject({ actions: { place: "accept" }, by: "tester" });
      const { result } = await endedWithRightMoney(world, runId);
      expect(result).toMatchObject({ answer: "At the bar.", toolCalls: 1 });
      expect((await readFile(notes, "utf8")).trimEnd().split("\n")).toEqual([
        expect.stringMatching(/ 1$/),
      ]);
    }
  },
  patience(),
);
