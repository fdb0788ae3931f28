// Records the histories of all scenarios anew: `npx jest --selectProjects servers --testMatch '**/test/replay/record.ts'`.
// Only for a version whose runs shall be replayable from now on.

import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { packageFile } from "../../src/package-root.ts";
import { openWorld, type World } from "../support/world.ts";
import { SCENARIOS } from "./scenarios.ts";

/** A stack trace names the folders of the machine, and replay has no use for it. */
const withoutStacks = (key: string, value: unknown): unknown => (key === "stackTrace" ? "" : value);

let world: World;

beforeAll(async () => {
  world = await openWorld();
}, 120_000);
afterAll(() => world?.close());

describe("a history is recorded of", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (name, scenario) => {
      await world.model.reset();
      const worker = await world.startWorker(scenario.workerEnv, scenario.workerMain);
      const runId = await scenario.play(world);
      await worker.kill();
      const exported = await world.client.exportHistories(runId);
      expect(exported.histories.length).toBeGreaterThan(0);
      const file = packageFile(`test/replay/histories/${name}.json`);
      await writeFile(file, `${JSON.stringify(exported, withoutStacks)}\n`);
    },
    120_000,
  );
});
