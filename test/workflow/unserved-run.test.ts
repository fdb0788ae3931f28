// A run that no worker serves can be ended, and its books are closed when a worker comes.

import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { openWorld, type World } from "../support/world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
}, 180_000);
afterAll(() => world?.close());

it("is asked to end, whoever asks is told that nobody hears it, and it can be ended all the same", async () => {
  const { client } = world;
  const { runId } = await client.start({ task: "Work.", tenant: "test", session: "s" });
  expect(await client.cancel(runId)).toEqual({ unservedQueue: "pawl" });
  expect(await client.show(runId)).toMatchObject({ kind: "open" });
  await client.terminate(runId, "ann");
  expect(await client.show(runId)).toMatchObject({
    kind: "ended",
    result: {
      outcome: { kind: "failed", code: "TERMINATED", message: expect.stringMatching(/by ann/) },
    },
  });
  await expect(client.terminate(runId, "ann")).rejects.toMatchObject({ code: "RUN_ENDED" });
  await expect(client.terminate("run_nobody", "ann")).rejects.toMatchObject({
    code: "RUN_NOT_FOUND",
  });
});

it("one that is served is asked to end, and nothing is said of its queue", async () => {
  await world.model.script([{ hold: true, reply: { text: "Done." } }]);
  const worker = await world.startWorker();
  const { runId } = await world.client.start({ task: "Work.", tenant: "test", session: "s" });
  expect(await world.client.cancel(runId)).toEqual({ unservedQueue: null });
  expect((await world.client.result(runId)).outcome).toMatchObject({ kind: "cancelled" });
  await worker.stop();
}, 60_000);
