// The page where it is not at the root of a host, and where its script does not come.

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { forwardBelow, type Forwarder } from "../support/forwarders.ts";
import { openBrowser, openPage } from "../support/browser.ts";
import { keyFor, startGateway, type GatewayProcess } from "../support/gateway-process.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

let world: World;
let gateway: GatewayProcess;
let host: Forwarder;
let browser: Browser;
let key: string;

beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  await world.startWorker();
  key = await keyFor(world, "acme", "admin");
  gateway = await startGateway(world, { door: "keys" });
  host = await forwardBelow({ "/pawl": gateway.port, "/other": gateway.port });
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await host?.close();
  await gateway?.process.stop();
  await world?.close();
}, 60_000);

async function enterKey(page: Page): Promise<void> {
  const field = page.getByLabel("API key");
  await field.fill(key);
  await field.press("Enter");
  await page.locator(".stats").waitFor();
}

test("below a path all of the page is asked there: key, command, list, a run as it goes", async () => {
  const watched = await openPage(browser, `${host.url}/pawl/`);
  const { page, requests, complaints } = watched;
  await enterKey(page);
  expect(await page.locator(".command pre").innerText()).toContain(
    `curl -s ${host.url}/pawl/v1/runs`,
  );
  await world.model.script([
    { reply: { text: "word ".repeat(300), chunkChars: 20, chunkDelayMs: 60 } },
  ]);
  const { runId } = await world.client.start({ task: "Talk.", tenant: "acme", session: "s" });
  await page.locator(`a[href="#/runs/${runId}"]`).click();
  const shown = page.locator(".is-reply .text");
  await until("text comes", async () => (await shown.allInnerTexts()).join("").length > 100);
  expect(await page.locator(".end").count()).toBe(0);
  await page.locator(".end.is-answered").waitFor();
  expect(page.url()).toBe(`${host.url}/pawl/#/runs/${runId}`);
  expect(requests.filter((url) => !url.startsWith(`${host.url}/pawl/`))).toEqual([]);
  // That a key is needed is an answer, and to the console an error.
  expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
  await watched.close();
});

test("a key for one gateway is not sent to another at a path beside it", async () => {
  const watched = await openPage(browser, `${host.url}/pawl/`);
  const { page } = watched;
  await enterKey(page);
  const sent: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/other/v1/")) sent.push(request.headers()["authorization"]);
  });
  await page.goto(`${host.url}/other/`);
  await page.getByRole("heading", { name: "An API key is needed" }).waitFor();
  expect(sent.length).toBeGreaterThan(0);
  expect(new Set(sent)).toEqual(new Set([undefined]));
  await page.goto(`${host.url}/pawl/`);
  await page.locator(".stats").waitFor();
  await watched.close();
});

test.each([
  ["the script", ["**/page/main.js"]],
  ["what the script needs", ["**/page/list-page.js"]],
  ["all that belongs to the page", ["**/page/**"]],
])("without %s the page says in words what is missing", async (_, missing) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  for (const place of missing) {
    await page.route(place, (route) => route.fulfill({ status: 404, body: "not ours" }));
  }
  await page.goto(`${host.url}/pawl/`);
  await page.getByText("its script page/main.js did not arrive").waitFor({ state: "visible" });
  await page.getByText("the address of this page ends with a slash").waitFor({ state: "visible" });
  await context.close();
});

test("where the script of a run's page does not come, its place says so", async () => {
  const watched = await openPage(browser, `${host.url}/pawl/`);
  const { page } = watched;
  await enterKey(page);
  await page.route("**/page/run-page.js", (route) => route.fulfill({ status: 502, body: "" }));
  await page.goto(`${host.url}/pawl/#/runs/run_any`);
  await page.getByText("The service does not answer").waitFor({ state: "visible" });
  await watched.close();
});

test("a browser without JavaScript is told that it is needed; one that has it never sees the words", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${host.url}/pawl/`);
  // The browser of tests runs no script then, and yet takes itself for one that does: it shows no <noscript>.
  await page.getByText("its script page/main.js did not arrive").waitFor({ state: "visible" });
  expect(await page.content()).toMatch(/<noscript>.*This page needs JavaScript/s);
  await context.close();
  const watched = await openPage(browser, `${host.url}/pawl/`);
  expect(await watched.page.getByText("its script").count()).toBe(0);
  expect(await watched.page.getByRole("heading", { name: "An API key is needed" }).count()).toBe(1);
  await watched.close();
});
