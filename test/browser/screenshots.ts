// Makes the pictures of the page in docs/page from real runs: `npm run build && npm run screenshots`.
// Looks like a test so that jest compiles and runs it; it is none, and is not run with the others.

import { expect, test } from "@jest/globals";
import { mkdirSync, statSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { packageFile } from "../../src/package-root.ts";
import { openBrowser, openPage } from "../support/browser.ts";
import { startGatewayWorld } from "../support/gateway.ts";
import { openWorld, type World } from "../support/world.ts";

interface Shot {
  readonly name: string;
  readonly hash: string;
  /** The picture is taken when this is in sight. */
  readonly when: string;
}

const COUNTRIES = ["Iceland", "Norway", "Sweden", "Denmark", "Finland", "Estonia", "Latvia"];
const STORY = [
  "A ratchet is a wheel whose teeth lean one way; a pawl is the small lever that rests on them.",
  "Turned forward, the wheel lifts the pawl and lets it fall behind the next tooth.",
  "Turned back, the tooth meets the pawl and stops. Each click is progress that cannot be lost:",
  "the lock of a winch, the escapement of a clock, and a run that survives its machine all rest on it.",
].join(" ");

test("the pictures of the page are made", async () => {
  const world = await openWorld({ env: { PAWL_CALL_TIMEOUT_MS: "600000" }, chunkDelayMs: 4 });
  const browser = await openBrowser();
  await world.startWorker();
  const gateway = await startGatewayWorld(world.env);
  try {
    const shots = await prepare(world);
    mkdirSync(packageFile("docs/page"), { recursive: true });
    for (const shot of shots) await take(browser, gateway.url, shot);
  } finally {
    await gateway.kill();
    await browser.close();
    await world.close();
  }
}, 240_000);

/** A run of each kind; the one that writes waits in the middle of its sentence. */
async function prepare({ client, model }: World): Promise<readonly Shot[]> {
  const step = (country: string) => ({
    match: { contains: "Survey the Nordic" },
    reply: {
      text: `Next is ${country}: I look up its population and its area.`,
      toolCalls: [
        { name: "web_search", input: { query: `population of ${country}` } },
        { name: "web_search", input: { query: `area of ${country}` } },
      ],
    },
  });
  const story = {
    match: { contains: "what a pawl is" },
    reply: { text: STORY, chunkDelayMs: 700 },
  };
  const look = {
    match: { contains: "what a pawl is" },
    reply: {
      text: "I look it up first.",
      toolCalls: [
        { name: "web_search", input: { query: "ratchet and pawl" } },
        { name: "calculator", input: { expression: "360 / 24" } },
      ],
    },
  };
  await model.script([...COUNTRIES.map(step), look, story]);
  await model.faults([{ kind: "truncate", match: { contains: "square root" } }]);
  const started = async (task: string, more: object = {}): Promise<string> => {
    const order = { task, tenant: "local", session: "page", ...more };
    return (await client.start(order)).runId;
  };
  const ended = async (task: string, more?: object): Promise<string> => {
    const runId = await started(task, more);
    await client.result(runId);
    return runId;
  };
  await ended("What is the population of Iceland, and 7 % of it?");
  await ended("What is the square root of 1764?");
  await ended("Compare the areas of France and Germany.");
  const stopped = await ended("Survey the Nordic and Baltic countries, one after the other.", {
    limits: { costMicroUsd: 30_000, replyTokens: 1000 },
  });
  const asking = await started(
    "Look up the population of Iceland and write it to the file notes/iceland.md.",
  );
  const live = await started("Tell me what a pawl is, and why a ratchet needs one.");
  return [
    { name: "live", hash: `#/runs/${live}`, when: '[data-turn="2"] .text' },
    { name: "approval", hash: `#/runs/${asking}`, when: "form.approval" },
    { name: "stopped", hash: `#/runs/${stopped}`, when: ".end.is-stopped" },
    { name: "list", hash: "", when: ".runs tbody tr:nth-child(6)" },
  ];
}

async function take(browser: Browser, url: string, { name, hash, when }: Shot): Promise<void> {
  for (const scheme of ["light", "dark"] as const) {
    const watched = await openPage(browser, `${url}/${hash}`, { scheme, height: 800 });
    await watched.page.locator(when).first().waitFor();
    if (name === "list") await watched.page.locator(".runs .is-waiting").waitFor();
    await settled(watched.page);
    const path = packageFile(`docs/page/${name}-${scheme}.png`);
    await watched.page.screenshot({ path, animations: "disabled" });
    expect(statSync(path).size).toBeLessThanOrEqual(300 * 1024);
    await watched.close();
  }
}

/** The figures above the list come with an answer of their own. */
async function settled(page: Page): Promise<void> {
  const figures = page.locator(".stats .figure dd, .figures .figure dd").first();
  await figures.filter({ hasText: /\d/ }).waitFor();
}
