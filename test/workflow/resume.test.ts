// A person lets a run go on: with more money of its own, and told where nothing changed by it.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openRunBench, PATIENT, type RunBench } from "../support/run-bench.ts";
import { until } from "../support/processes.ts";

const CALL = { name: "calculator", input: { expression: "6*7" } };
const TIMEOUT_MS = 120_000;
let bench: RunBench;

beforeAll(async () => {
  bench = await openRunBench({ env: { ...PATIENT, PAWL_RUN_CAP_USD: "1" } });
}, 180_000);
afterAll(() => bench?.close());
beforeEach(async () => {
  await bench.world.model.reset();
  await bench.world.model.script([{ reply: { toolCalls: [CALL] } }, { reply: { text: "Done." } }]);
});

/** A run that can't pay its first call. */
async function parked(costMicroUsd = 100): Promise<string> {
  const runId = await bench.start("Work.", { onLimit: "pause", limits: { costMicroUsd } });
  await until("the run is parked", async () => {
    const shown = await bench.world.client.show(runId);
    return shown.kind === "open" && shown.waiting?.reason === "budget";
  });
  return runId;
}

describe("a run that is parked at its own cap", () => {
  it(
    "goes on with what a person adds, and says who added it",
    async () => {
      const { client } = bench.world;
      const runId = await parked();
      const order = { addMicroUsd: 500_000, by: "ann" };
      expect(await client.resume(runId, order)).toEqual({
        ...{ addedUsd: 0.5, capUsd: 0.5001, isClamped: false },
      });
      const { result } = await bench.ended(runId);
      expect(result).toMatchObject({ outcome: { kind: "answered" }, answer: "Done." });
      const events = await bench.events(runId);
      const resumed = events.find(({ type }) => type === "run.resumed");
      expect(resumed).toMatchObject({ by: "ann", addedUsd: 0.5, capUsd: 0.5001 });
      const shown = await client.show(runId);
      expect(shown.about.capUsd).toBe(0.5001);
    },
    TIMEOUT_MS,
  );

  it(
    "keeps what was added when the next wait comes, and takes more",
    async () => {
      const { client } = bench.world;
      const runId = await parked();
      // Not enough for a call: it looks, and is parked again.
      await expect(client.resume(runId, { addMicroUsd: 100 })).rejects.toMatchObject({
        code: "NOTHING_CHANGED",
        message: expect.stringMatching(/looked again, also with \$0\.000100 more/),
      });
      const more = await client.resume(runId, { addMicroUsd: 499_800 });
      expect(more).toMatchObject({ addedUsd: 0.4998, capUsd: 0.5 });
      expect((await bench.ended(runId)).result.outcome).toEqual({ kind: "answered" });
    },
    TIMEOUT_MS,
  );

  it(
    "is given no more than its operator allows, which is told",
    async () => {
      const { client } = bench.world;
      const runId = await parked();
      expect(await client.resume(runId, { addMicroUsd: 5_000_000 })).toEqual({
        ...{ addedUsd: 0.9999, capUsd: 1, isClamped: true },
      });
      expect((await bench.ended(runId)).result.outcome).toEqual({ kind: "answered" });
    },
    TIMEOUT_MS,
  );

  it(
    "that is resumed without money is told that nothing changed, and how it would",
    async () => {
      const runId = await parked();
      await expect(bench.world.client.resume(runId)).rejects.toMatchObject({
        code: "NOTHING_CHANGED",
        message: expect.stringMatching(/still waits: .*--add USD/),
      });
      await bench.world.client.cancel(runId);
      await bench.ended(runId);
    },
    TIMEOUT_MS,
  );
});

describe("a run that needs no word", () => {
  it("says so to whoever resumes it, and to whoever adds money where it may have no more", async () => {
    await bench.world.model.reset();
    await bench.world.model.script([{ hold: true, reply: { text: "Done." } }]);
    const { client } = bench.world;
    const runId = await bench.start("Work.");
    await until("the request is on hold", async () => {
      return (await bench.world.model.requests()).some(({ state }) => state === "held");
    });
    await expect(client.resume(runId)).rejects.toMatchObject({ code: "NOTHING_CHANGED" });
    await expect(client.resume(runId, { addMicroUsd: 1 })).rejects.toMatchObject({
      code: "NOTHING_CHANGED",
      message: expect.stringMatching(/may already cost \$1\.00/),
    });
    await bench.world.model.release();
    await bench.ended(runId);
    await expect(client.resume(runId, { addMicroUsd: 1 })).rejects.toMatchObject({
      code: "RUN_ENDED",
    });
  });

  it("is given money while it is under way, for later", async () => {
    await bench.world.model.reset();
    await bench.world.model.script([{ hold: true, reply: { text: "Done." } }]);
    const { client } = bench.world;
    const runId = await bench.start("Work.", { limits: { costMicroUsd: 500_000 } });
    await until("the request is on hold", async () => {
      return (await bench.world.model.requests()).some(({ state }) => state === "held");
    });
    expect(await client.resume(runId, { addMicroUsd: 100_000 })).toMatchObject({ capUsd: 0.6 });
    await bench.world.model.release();
    const { result } = await bench.ended(runId);
    expect(result.outcome).toEqual({ kind: "answered" });
  });
});
