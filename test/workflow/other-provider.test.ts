// F1: what a run began with answers it to its end. A worker that asks another provider refuses it, the run waits
// where everybody can see it, and goes on with the next worker that fits.

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ORDER = { task: "What is 17 % of 2,340?", tenant: "acme", session: "s" };
/** The same server, as if it were the real API. */
const REAL = { PAWL_OFFLINE_MODEL: "0", ANTHROPIC_API_KEY: "a-key" };

async function untilRefused(runId: string): Promise<void> {
  await until("it waits for another worker", async () => {
    const shown = await world.client.show(runId);
    return shown.kind === "open" && shown.waiting?.reason === "worker";
  });
}

test("a run that began with the real API waits while only the offline model is there, and costs nothing", async () => {
  const opening = await world.startWorker({ ...REAL, PAWL_FAILPOINT: "call_model.before_settle" });
  const { runId } = await world.client.start(ORDER);
  await opening.ended;
  const offline = await world.startWorker();
  await untilRefused(runId);
  const shown = await world.client.show(runId);
  if (shown.kind !== "open") throw new Error("it has ended");
  expect(shown.waiting?.message).toMatch(
    /^PROVIDER_DIFFERS: the run began with http.*offline model/,
  );
  const { crashTaxUsd } = shown.soFar;
  await offline.kill();

  const rotated = await world.startWorker({ ...REAL, ANTHROPIC_API_KEY: "another-key" });
  const result = await world.client.result(runId);
  expect(result).toMatchObject({ outcome: { kind: "answered" }, offline: false });
  expect(result.answer).toContain("397.8");
  expect(result.crashTaxUsd).toBe(crashTaxUsd);
  await rotated.kill();
});

test("a run that began with the offline model is never finished for real money", async () => {
  const opening = await world.startWorker({ PAWL_FAILPOINT: "call_model.before_settle" });
  const { runId } = await world.client.start(ORDER);
  await opening.ended;
  const real = await world.startWorker(REAL);
  await untilRefused(runId);
  await real.kill();
  const fitting = await world.startWorker();
  expect(await world.client.result(runId)).toMatchObject({
    outcome: { kind: "answered" },
    offline: true,
  });
  await fitting.kill();
});

test("an address that changed is named by its operator, and its runs go on", async () => {
  const opening = await world.startWorker({
    ...REAL,
    ANTHROPIC_BASE_URL: `${world.model.url}/`,
    PAWL_FAILPOINT: "call_model.before_settle",
  });
  const { runId } = await world.client.start(ORDER);
  await opening.ended;
  const moved = { ...REAL, ANTHROPIC_BASE_URL: world.model.url.replace("127.0.0.1", "localhost") };
  const strange = await world.startWorker(moved);
  await untilRefused(runId);
  await strange.kill();
  const told = await world.startWorker({ ...moved, PAWL_FORMER_BASE_URLS: world.model.url });
  expect(await world.client.result(runId)).toMatchObject({ outcome: { kind: "answered" } });
  await told.kill();
});
