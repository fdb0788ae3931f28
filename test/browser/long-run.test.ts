// A long run in the page: real browser, real page, and an answer of the gateway written by the test,
// because a model takes minutes to write what is needed here.

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { ServerResponse } from "node:http";
import type { Browser } from "playwright-core";
import { openBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { servePage, type PageServer } from "../support/page-server.ts";
import { until } from "../support/processes.ts";

const TURNS = 100;
const LINE = "x".repeat(1_000_000);

const ANSWERS: Readonly<Record<string, object>> = {
  "/v1/approvals": { approvals: [] },
  "/v1/questions": { questions: [] },
  "/v1/runs/run_over": {
    status: "ended",
    task: "A run that is over",
    agent: "assistant",
    waiting: null,
    outcome: { kind: "answered" },
  },
  "/v1/runs/run_long": { status: "running", task: "A long run", agent: "assistant", waiting: null },
};

let browser: Browser;
let server: PageServer;
let streams: ServerResponse[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  server = await servePage({
    get: (path) => ANSWERS[path] ?? {},
    stream: (response) => void streams.push(response),
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

let number = 0;

function event(type: string, body: object): string {
  number += 1;
  const id = `0.${number}`;
  const data = { type, id, runId: "run_long", ts: new Date(number).toISOString(), ...body };
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

const started = (turn: number): string =>
  event("turn.started", { turn, model: "m", spentUsd: 0, capUsd: 1, offline: true });
const delta = (turn: number, text: string): string =>
  event("reply.delta", { turn, attempt: 1, text });
const finished = (turn: number, text: string): string => {
  const figures = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, costUsd: 0.001 };
  const money = { crashTaxUsd: 0, spentUsd: 0.001 * turn, capUsd: 1 };
  const said = { turn, attempt: 1, model: "m", offline: true, stopReason: "end_turn", text };
  return event("reply.finished", { ...said, ...figures, ...money });
};
const turnOf = (turn: number, text: string): string =>
  started(turn) + delta(turn, text) + finished(turn, text);

async function openRun(
  runId = "run_long",
): Promise<{ watched: WatchedPage; send: (text: string) => void }> {
  streams = [];
  const watched = await openPage(browser, `${server.url}/#/runs/${runId}`);
  const stream = await until("the page follows the run", () => streams[0]);
  return { watched, send: (text) => void stream.write(text) };
}

/** The time from 60 small deltas until all of them are drawn, in milliseconds. */
async function drawMs(
  { page }: WatchedPage,
  send: (text: string) => void,
  turn: number,
): Promise<number> {
  const begun = performance.now();
  for (let part = 0; part < 60; part += 1) {
    send(delta(turn, "some words of a reply "));
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => drawn(0)))");
  }
  await until("the last words are shown", async () => {
    const text = await page.locator(`[data-turn="${turn}"] .text`).textContent();
    return text?.length === 60 * "some words of a reply ".length;
  });
  return performance.now() - begun;
}

test("a run of 100 turns and a megabyte is shown whole, and new text as quickly as in a short one", async () => {
  const { watched, send } = await openRun();
  send(started(1));
  const shortMs = await drawMs(watched, send, 1);
  const text = "A pawl lets a ratchet turn forward and never slip back.\n".repeat(180);
  for (let turn = 2; turn <= TURNS; turn += 1) send(turnOf(turn, text));
  send(started(TURNS + 1));
  await watched.page.locator(`[data-turn="${TURNS + 1}"]`).waitFor();
  const chars = await watched.page
    .locator(".conversation")
    .evaluate((conversation) => conversation.textContent?.length ?? 0);
  expect(chars).toBeGreaterThan((TURNS - 1) * text.length);
  const longMs = await drawMs(watched, send, TURNS + 1);
  process.stderr.write(
    `60 deltas: ${shortMs.toFixed(0)} ms, behind 100 turns ${longMs.toFixed(0)} ms\n`,
  );
  // Loose, for machines that do other things meanwhile.
  expect(longMs).toBeLessThan(shortMs * 5 + 1000);
  await watched.close();
}, 120_000);

test("a run that is over opens at its top, however long it is", async () => {
  const { watched, send } = await openRun("run_over");
  for (let turn = 1; turn <= 40; turn += 1) send(turnOf(turn, "Some words.\n".repeat(20)));
  await watched.page.locator('[data-turn="40"]').waitFor();
  expect(await watched.page.evaluate<number>("window.scrollY")).toBe(0);
  await watched.close();
}, 120_000);

test("a line of a megabyte is shown whole, and the page can still be used", async () => {
  const { watched, send } = await openRun();
  send(turnOf(1, LINE));
  send(started(2));
  await watched.page.locator('[data-turn="2"]').waitFor();
  const shown = await watched.page.locator('[data-turn="1"] .text').textContent();
  expect(shown === LINE).toBe(true);
  await drawMs(watched, send, 2);
  const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  expect(await watched.page.evaluate<number>(overflow)).toBe(0);
  await watched.close();
}, 120_000);
