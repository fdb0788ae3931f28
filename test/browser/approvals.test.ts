// What a person sees of a call on the page, and when they may approve it: a real browser and the real page, with
// calls that the test writes.

import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Browser, Locator } from "playwright-core";
import { argsDigest } from "../../src/domain/args-digest.ts";
import { accessibilityFaults } from "../support/accessibility.ts";
import { openBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { servePage, type PageServer } from "../support/page-server.ts";
import { until } from "../support/processes.ts";
import { readShown } from "../support/read-shown.ts";

interface Asked {
  readonly callId: string;
  readonly input: unknown;
  readonly argsDigest: string;
}

let browser: Browser;
let server: PageServer;
const runs = new Map<string, readonly Asked[]>();
const decided: unknown[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  server = await servePage({
    get: answerTo,
    post(_, body) {
      decided.push(body);
      return { verdict: "approved" };
    },
    stream(response, { url = "", headers }) {
      const [, runId = ""] = /^\/v1\/runs\/([^/]+)/.exec(url) ?? [];
      stream(response, runId, String(headers["last-event-id"] ?? "0.0"));
    },
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

function answerTo(path: string): object {
  if (path === "/v1/approvals") return { approvals: [] };
  if (path === "/v1/questions") return { questions: [] };
  return { status: "waiting", task: "A task", agent: "assistant", waiting: null };
}

/** A page that was too busy to listen asks once more, behind what it has heard. */
function stream(response: ServerResponse, runId: string, after: string): void {
  const heard = Number(after.split(".")[1]);
  const asked = { tool: "write_file", turn: 1, reason: "it writes" };
  for (const [index, waiting] of (runs.get(runId) ?? []).entries()) {
    if (index < heard) continue;
    const id = `0.${index + 1}`;
    const ts = new Date(index).toISOString();
    const deadlineAt = "2099-01-01T00:00:00.000Z";
    const data = { type: "approval.requested", id, runId, ts, deadlineAt, ...asked, ...waiting };
    response.write(`id: ${id}\nevent: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

let number = 0;

async function opened(...calls: readonly Asked[]): Promise<WatchedPage> {
  number += 1;
  runs.set(`run_${number}`, calls);
  const watched = await openPage(browser, `${server.url}/#/runs/run_${number}`);
  await watched.page
    .locator("form.approval .arguments")
    .nth(calls.length - 1)
    .waitFor();
  return watched;
}

function call(input: unknown, callId = "1.1"): Asked {
  return { callId, input, argsDigest: argsDigest(input) };
}

/** The rows that stand on the page. */
async function rowsIn(card: Locator): Promise<readonly string[]> {
  const lines = await card
    .locator(".arguments .line")
    .evaluateAll((all) => all.map((line) => line.textContent ?? ""));
  return lines.map((line) => line.replace(/\n$/, ""));
}

/** Scrolls as a person does, and gives all rows. */
async function readToTheEnd(card: Locator): Promise<readonly string[]> {
  const approve = card.getByRole("button", { name: "Approve", exact: true });
  const seen = async (): Promise<boolean> => {
    await card.locator(".arguments").evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
    return await approve.isEnabled();
  };
  await until("the end has been seen", seen, 150_000);
  return await rowsIn(card);
}

describe("A4: the arguments of a call on the page", () => {
  test("determine its digest, whatever they are", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "grapheme", maxLength: 300 }),
    );
    const inputs = fc.sample(
      fc.oneof(
        fc.record({ path: text, content: text }),
        fc.dictionary(text, fc.jsonValue({ maxDepth: 3 })),
      ),
      { numRuns: 25, seed: 7 },
    );
    const calls = inputs.map((input, n) => call(JSON.parse(JSON.stringify(input)), `1.${n + 1}`));
    const watched = await opened(...calls);
    for (const [n, { input }] of calls.entries()) {
      const head = watched.page.locator(".approval-head", { hasText: `[${n + 1}]` });
      const card = watched.page.locator("form.approval", { has: head });
      const read = readShown(await readToTheEnd(card));
      expect(JSON.stringify(read)).toBe(JSON.stringify(input));
    }
    expect(watched.complaints).toEqual([]);
    await watched.close();
  }, 180_000);

  test("are all there of a megabyte, and can be approved once their end was seen", async () => {
    const lines = Array.from({ length: 12_000 }, (_, n) => `${n} ${"x".repeat(80)}`);
    const input = { path: "a.txt", content: [...lines, "rm -rf /srv/app"].join("\n") };
    const watched = await opened(call(input));
    const card = watched.page.locator("form.approval");
    expect(await card.getByRole("button", { name: "Approve", exact: true }).isEnabled()).toBe(
      false,
    );
    await card.getByText(/1[12]\d{3} more lines/).waitFor();
    expect(readShown(await readToTheEnd(card))).toEqual(input);
    await watched.close();
  }, 180_000);
});

describe("a call on the page", () => {
  const long = call({ path: "deploy.sh", content: `${"echo\n".repeat(60)}rm -rf /srv/app` });

  test("is not approved above its unseen end, by mouse or by key", async () => {
    const watched = await opened(long);
    const card = watched.page.locator("form.approval");
    const approve = card.getByRole("button", { name: "Approve", exact: true });
    expect(await approve.isEnabled()).toBe(false);
    expect(await accessibilityFaults(watched.page)).toEqual([]);
    decided.length = 0;
    await approve.click({ force: true });
    await watched.page.keyboard.press("Enter");
    await approve.press("Enter");
    expect(decided).toEqual([]);
    expect(await card.locator(".arguments:focus").count()).toBe(1);
    await card.getByRole("button", { name: /more lines/ }).click();
    await readToTheEnd(card);
    expect(await card.getByText(/more lines?/).count()).toBe(0);
    await approve.click();
    await watched.page.getByText("write_file: approved by you").waitFor();
    expect(decided).toMatchObject([{ verdict: "approve", argsDigest: long.argsDigest }]);
    await watched.close();
  }, 120_000);

  test("whose arguments are not those that the run waits with can only be denied", async () => {
    const watched = await opened({ ...call({ path: "nice.txt" }), input: { path: "evil.txt" } });
    const card = watched.page.locator("form.approval");
    await card.getByText(/can only be denied/).waitFor();
    const approve = card.getByRole("button", { name: "Approve", exact: true });
    expect(await approve.isEnabled()).toBe(false);
    decided.length = 0;
    await approve.click({ force: true });
    expect(decided).toEqual([]);
    await card.getByRole("button", { name: "Deny" }).click();
    await until("it is denied", () => decided.length === 1);
    await watched.close();
  }, 120_000);

  test("is edited with nothing hidden in it", async () => {
    const input = { path: "a.txt", content: "safe\u202egnp\u200b" };
    const watched = await opened(call(input));
    const card = watched.page.locator("form.approval");
    await card.getByRole("button", { name: "Edit arguments" }).click();
    const edited = await card.getByRole("textbox", { name: /Arguments to run/ }).inputValue();
    expect(edited).toContain(String.raw`safe\u202egnp\u200b`);
    expect(JSON.parse(edited)).toEqual(input);
    await watched.close();
  }, 120_000);
});
