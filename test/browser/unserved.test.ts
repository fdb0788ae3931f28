// A run that no worker serves: who cancels it is told, and can end it all the same.

import { afterAll, beforeAll, expect, it } from "@jest/globals";
import type { Browser } from "playwright-core";
import { openBrowser, openPage } from "../support/browser.ts";
import { startGatewayWorld, type GatewayWorld } from "../support/gateway.ts";
import { openWorld, type World } from "../support/world.ts";

let world: World;
let gateway: GatewayWorld;
let browser: Browser;

beforeAll(async () => {
  world = await openWorld();
  gateway = await startGatewayWorld(world.env);
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await gateway?.kill();
  await world?.close();
}, 60_000);

const start = async (): Promise<string> =>
  (await world.client.start({ task: "Work.", tenant: "test", session: "s" })).runId;

async function cancel(runId: string, body?: object): Promise<unknown> {
  const response = await fetch(`${gateway.url}/v1/runs/${runId}/cancel`, {
    method: "POST",
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

it("is asked to end over HTTP, and ended where that is said", async () => {
  const runId = await start();
  const told = { status: 202, runId, accepted: true, unservedQueue: "pawl" };
  expect(await cancel(runId)).toEqual({ ...told, isEnded: false });
  expect(await cancel(runId, { force: false })).toEqual({ ...told, isEnded: false });
  expect((await world.client.show(runId)).kind).toBe("open");
  expect(await cancel(runId, { force: true })).toEqual({ ...told, isEnded: true });
  expect(await world.client.show(runId)).toMatchObject({
    kind: "ended",
    result: { outcome: { kind: "failed", code: "TERMINATED" } },
  });
  expect(await cancel(runId, { force: true })).toMatchObject({ status: 409, code: "RUN_ENDED" });
});

it("is ended on the page by a third press, after the second said that nobody hears", async () => {
  const runId = await start();
  const watched = await openPage(browser, `${gateway.url}/#/runs/${runId}`);
  const steer = watched.page.getByRole("group", { name: "Steer the run" });
  await steer.getByRole("button", { name: "Cancel…" }).click();
  await steer.getByRole("button", { name: "Cancel it for good" }).click();
  await steer.getByRole("status").filter({ hasText: "No worker serves pawl" }).waitFor();
  expect((await world.client.show(runId)).kind).toBe("open");
  await steer.getByRole("button", { name: "End it now" }).click();
  await watched.page.locator(".run-title .pill", { hasText: "failed" }).waitFor();
  await watched.close();
}, 120_000);
