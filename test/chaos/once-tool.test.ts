// A tool with an effect that can't be undone, and a worker that dies right after it.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EACH_ROUND, endedWithRightMoney, patience, startRun } from "../support/chaos.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "pawl-once-"));
  const env = { NOTES: join(dir, "notes") };
  world = await openWorld({ workerMain: "test/support/once-worker.mjs", env });
}, 180_000);
afterAll(async () => {
  await world?.close();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

test(
  "X3: a tool of effect `once` is not executed again, and the model is told that nobody knows",
  async () => {
    for (const _ of EACH_ROUND) {
      await writeFile(join(dir, "notes"), "");
      await world.model.reset();
      await world.model.script([
        { reply: { toolCalls: [{ name: "book_table", input: { guests: 2 } }] } },
        { match: { contains: "outcome of this call is unknown" }, reply: { text: "Please ask." } },
      ]);
      const victim = await world.startWorker();
      const runId = await startRun(world, { agent: "waiter" });
      await victim.ended;
      const rescuer = await world.startWorker();
      const { result } = await endedWithRightMoney(world, runId);
      expect(result).toMatchObject({ answer: "Please ask.", toolCalls: 1, crashTaxUsd: 0 });
      expect((await readFile(join(dir, "notes"), "utf8")).trimEnd().split("\n")).toHaveLength(1);
      await rescuer.kill();
    }
  },
  patience(),
);
