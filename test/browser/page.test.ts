// The page in a real browser, against the real gateway, Temporal, a worker and the offline model.

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { accessibilityFaults } from "../support/accessibility.ts";
import { ensureLocalToken, localTokenFile } from "../../src/dev/local-token.ts";
import { createApiKeys } from "../../src/store/api-keys.ts";
import { openBrowser, openPage, type WatchedPage } from "../support/browser.ts";
import { heldRequest } from "../support/chaos.ts";
import { startGatewayWorld, type GatewayWorld } from "../support/gateway.ts";
import { until } from "../support/processes.ts";
import { PATIENT } from "../support/run-bench.ts";
import { openWorld, type World } from "../support/world.ts";

const run = promisify(execFile);

let world: World;
let gateway: GatewayWorld;
let browser: Browser;

beforeAll(async () => {
  world = await openWorld({ env: PATIENT });
  await world.startWorker();
  gateway = await startGatewayWorld(world.env);
  browser = await openBrowser();
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await gateway?.kill();
  await world?.close();
}, 60_000);

const start = async (order: { task: string } & Record<string, unknown>): Promise<string> => {
  const response = await fetch(`${gateway.url}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(order),
  });
  const receipt = (await response.json()) as { runId: string };
  expect({ status: response.status, receipt }).toMatchObject({ status: 201 });
  return receipt.runId;
};

const at = (runId: string): string => `${gateway.url}/#/runs/${runId}`;

/** Nothing of the page went anywhere else, and no script or policy complained. */
const expectQuiet = ({ requests, complaints }: WatchedPage): void => {
  expect(requests.filter((url) => !url.startsWith(`${gateway.url}/`))).toEqual([]);
  expect(complaints).toEqual([]);
};

const ended = (runId: string) => world.client.result(runId);

/** The texts of the replies as the page shows them, by turn. */
const repliesShown = (watched: WatchedPage): Promise<string[]> =>
  watched.page
    .locator(".is-reply")
    .evaluateAll((replies) =>
      replies.map((reply) => reply.querySelector(".text")?.textContent ?? ""),
    );

/** The texts of the replies as they are in the transcript, by turn. */
const repliesOf = async (runId: string): Promise<string[]> => {
  const texts: string[] = [];
  for await (const event of world.client.watch(runId)) {
    if (event.type === "reply.finished") texts.push(event.text);
  }
  return texts;
};

describe("the page", () => {
  test("with no runs shows a command that starts one, and then the run", async () => {
    const watched = await openPage(browser, gateway.url);
    const command = await watched.page.locator(".command pre").innerText();
    const { stdout } = await run("sh", ["-c", command]);
    const { runId } = JSON.parse(stdout) as { runId: string };
    await ended(runId);
    await watched.page.locator(".runs .pill", { hasText: "answered" }).waitFor();
    expect(await accessibilityFaults(watched.page)).toEqual([]);
    expectQuiet(watched);
    await watched.close();
  }, 120_000);

  test("weighs at most 100 KB with all that it loads", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const bytes: number[] = [];
    page.on("response", (response) => {
      if (!response.url().includes("/v1/")) {
        void response.body().then((body) => bytes.push(body.length));
      }
    });
    await page.goto(gateway.url, { waitUntil: "networkidle" }).catch(() => undefined);
    await until("the page is there", () => page.locator("main h1").count());
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(100_000);
    await context.close();
  }, 60_000);

  test("shows what a model, a tool and a caller wrote as text, and loads nothing for it", async () => {
    const hostile = [
      `<img src=x onerror="globalThis.owned=1">`,
      "</script><script>globalThis.owned=1</script>",
      "![pixel](https://evil.invalid/p.png) [here](javascript:alert(1))",
      "safe\u202egnp.exe \u001b[31mred\u001b[0m \u{e0041}\u200b",
      `<a href="https://evil.invalid">go</a><iframe src="//evil.invalid"></iframe>`,
    ].join("\n");
    const task = `Hostile task ${hostile}`;
    await world.model.script([
      {
        match: { contains: "Hostile task" },
        reply: {
          text: hostile,
          toolCalls: [{ name: "calculator", input: { expression: hostile } }],
        },
      },
      { match: { contains: "Hostile task" }, reply: { text: hostile } },
    ]);
    const runId = await start({ task, policy: { ask: ["web_search"] } });
    await ended(runId);
    const list = await openPage(browser, gateway.url);
    const shown = await openPage(browser, at(runId));
    await list.page.locator(".runs", { hasText: "<img src=x" }).waitFor();
    await shown.page.locator(".end").waitFor();

    expect(await repliesShown(shown)).toEqual(
      [1, 2].map(() =>
        hostile
          .replaceAll("\u202e", "⟦U+202E⟧")
          .replaceAll("\u001b", "⟦U+001B⟧")
          .replaceAll("\u{e0041}", "⟦U+E0041⟧")
          .replaceAll("\u200b", "⟦U+200B⟧"),
      ),
    );
    for (const watched of [list, shown]) {
      const made = watched.page.locator(
        "#app :is(img, script, iframe, a[href*='evil'], a[href^='javascript'])",
      );
      expect(await made.count()).toBe(0);
      expect(await watched.page.evaluate<unknown>("globalThis.owned ?? null")).toBeNull();
      const text = await watched.page.locator("body").innerText();
      expect(["\u202e", "\u001b", "\u200b"].filter((hidden) => text.includes(hidden))).toEqual([]);
      expectQuiet(watched);
      await watched.close();
    }
  }, 120_000);

  test("says to a browser that nothing but its own scripts may run", async () => {
    const { headers } = await fetch(gateway.url);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test("can be used by keyboard alone: list, run, approval, message", async () => {
    const runId = await start({ task: "Write hello to the file notes/hello.md." });
    const watched = await openPage(browser, gateway.url);
    const { page } = watched;
    await page.locator(".runs .pill", { hasText: "waiting" }).waitFor();
    await page.keyboard.press("j");
    await until("the newest run has the focus", () =>
      page.locator(`a[href="#/runs/${runId}"]:focus`).count(),
    );
    await page.keyboard.press("Enter");
    await page.locator("form.approval").waitFor();
    expect(await page.locator(".arguments").innerText()).toContain('"notes/hello.md"');
    expect(await accessibilityFaults(page)).toEqual([]);

    // The message comes before the decision: the run hears both.
    await page.keyboard.press("m");
    await page.keyboard.type("Then say thanks.");
    await page.keyboard.press("Enter");
    await page.locator(".is-message", { hasText: "Then say thanks." }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("a");
    await page.keyboard.press("Enter");
    await page.locator(".note.is-approved").waitFor();
    await page.locator(".end.is-answered").waitFor();
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("u");
    await page.locator(".runs").waitFor();
    expectQuiet(watched);
    await watched.close();
  }, 120_000);

  test("lets a person edit the arguments of a call, and refuses what is no JSON", async () => {
    const runId = await start({ task: "Write hello to the file notes/edit.md." });
    const watched = await openPage(browser, at(runId));
    const card = watched.page.locator("form.approval");
    await card.getByRole("button", { name: "Edit arguments" }).click();
    const field = card.getByRole("textbox", { name: /Arguments to run instead/ });
    await field.fill("{");
    await card.getByRole("button", { name: "Approve as edited" }).click();
    await card.getByText("The edited arguments are not JSON").waitFor();
    await field.fill(JSON.stringify({ path: "notes/other.md", content: "edited" }));
    await card.getByLabel(/Reason/).fill("the other file");
    await card.getByRole("button", { name: "Approve as edited" }).click();
    const note = watched.page.locator(".note.is-approved");
    await note.getByText("with edited arguments").waitFor();
    expect(await note.innerText()).toContain("“the other file”");
    await ended(runId);
    await watched.close();
  }, 120_000);

  test("shows in the inbox what waits, and takes a denial there", async () => {
    const runId = await start({ task: "Write hello to the file notes/inbox.md." });
    const watched = await openPage(browser, `${gateway.url}/#/approvals`);
    const entry = watched.page.locator(".inbox li", { hasText: runId });
    await entry.locator(".arguments").waitFor();
    expect(await accessibilityFaults(watched.page)).toEqual([]);
    await entry.getByRole("button", { name: "Deny" }).click();
    await entry.waitFor({ state: "detached" });
    await watched.page.getByText("Nothing waits for you.").waitFor();
    await ended(runId);
    expectQuiet(watched);
    await watched.close();
  }, 120_000);

  test("shows the text of the transcript although the gateway was killed in the middle of it", async () => {
    await world.model.script([
      {
        match: { contains: "A long story" },
        reply: { textBytes: 6000, chunkChars: 20, chunkDelayMs: 20 },
      },
    ]);
    const runId = await start({ task: "A long story, please." });
    const watched = await openPage(browser, at(runId));
    const chars = async (): Promise<number> => (await repliesShown(watched)).join("").length;
    await until("some of it is shown", async () => (await chars()) > 500, 60_000);
    const list = await openPage(browser, gateway.url);
    await gateway.kill();
    for (const { page } of [watched, list])
      await page.locator(".trouble.is-away").first().waitFor();
    await gateway.start();
    await watched.page.locator(".end").waitFor();
    expect(await repliesShown(watched)).toEqual(await repliesOf(runId));
    expect(await watched.page.locator("[data-mended]").count()).toBe(0);
    for (const { page } of [watched, list]) {
      await until("nothing is wrong any more", async () => {
        return (await page.locator(".trouble").count()) === 0;
      });
    }
    await list.close();
    await watched.close();
  }, 120_000);

  test("asks for a key where the gateway wants one, keeps it for the tab, and forgets it when told", async () => {
    const { key } = await createApiKeys(world.db).create({
      tenant: "default",
      name: "page test",
      scopes: ["runs:read"],
      expiresAt: null,
    });
    const guarded = await startGatewayWorld(world.env, { door: "keys" });
    const { page, close } = await openPage(browser, guarded.url);
    expect(await accessibilityFaults(page)).toEqual([]);
    const field = page.getByLabel("API key");
    await field.fill("pawl_wrong");
    await field.press("Enter");
    await page.getByRole("heading", { name: "This key is not accepted" }).waitFor();
    await field.fill(key);
    await field.press("Enter");
    await page.locator(".stats").waitFor();
    expect(await page.evaluate<number>("localStorage.length + document.cookie.length")).toBe(0);
    expect(page.url()).not.toContain("pawl_");
    await page.getByRole("button", { name: "Forget key" }).click();
    await field.waitFor();
    await close();
    await guarded.kill();
  }, 120_000);

  test("says how far the tools of a run may go", async () => {
    const runId = await start({ task: "What is 6*7?", permission: "read" });
    await ended(runId);
    const watched = await openPage(browser, at(runId));
    await watched.page.locator(".ids", { hasText: "permission read" }).waitFor();
    await watched.close();
    const silent = await start({ task: "What is 6*7?" });
    await ended(silent);
    const other = await openPage(browser, at(silent));
    await other.page.locator(".ids", { hasText: silent }).waitFor();
    expect(await other.page.locator(".ids").textContent()).not.toContain("permission");
    await other.close();
  }, 120_000);

  test("takes the local token out of the address it was opened at, and shows the run that it names", async () => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-page-"));
    const token = ensureLocalToken(dir);
    const runId = await start({ task: "What is 6*7?" });
    await ended(runId);
    const local = await startGatewayWorld(world.env, { door: { tokenFile: localTokenFile(dir) } });
    const watched = await openPage(browser, `${local.url}/#t=${token}/runs/${runId}`);
    const { page } = watched;
    await page.locator(".run-title .pill", { hasText: "answered" }).waitFor();
    expect(page.url()).toBe(`${local.url}/#/runs/${runId}`);
    expect(watched.requests.join(" ")).not.toContain(token);
    // A page that was opened without it, and then given it.
    await page.getByRole("button", { name: "Forget key" }).click();
    await page.getByText("pawl page").waitFor();
    await page.evaluate(`location.hash = "#t=${token}"`);
    await page.locator(".stats").waitFor();
    expect(page.url()).toBe(`${local.url}/#/`);
    await watched.close();
    await local.kill();
    rmSync(dir, { recursive: true, force: true });
  }, 120_000);

  test("steers: pause, resume, and cancel only after a second word", async () => {
    const slowly = { match: { contains: "Take your time" }, hold: true };
    await world.model.script([
      { ...slowly, reply: { toolCalls: [{ name: "calculator", input: { expression: "1" } }] } },
      { ...slowly, reply: { text: "Done." } },
    ]);
    const runId = await start({ task: "Take your time." });
    const watched = await openPage(browser, at(runId));
    const { page } = watched;
    const steer = page.getByRole("group", { name: "Steer the run" });
    const paused = page.waitForResponse((answer) => answer.url().endsWith("/pause"));
    await steer.getByRole("button", { name: "Pause" }).click();
    await paused;
    await heldRequest(world, runId);
    await world.model.release();
    await page.locator(".run-title .pill", { hasText: "paused" }).waitFor();
    await steer.getByRole("button", { name: "Resume" }).click();
    await page.locator(".run-title .pill", { hasText: "running" }).waitFor();
    await steer.getByRole("button", { name: "Cancel…" }).click();
    expect((await world.client.show(runId)).kind).toBe("open");
    await steer.getByRole("button", { name: "Cancel it for good" }).click();
    await page.locator(".end.is-cancelled").waitFor();
    expect(await steer.count()).toBe(0);
    await watched.close();
  }, 120_000);

  test("adds money to a run that waits for it", async () => {
    await world.model.script([{ times: 9, reply: { text: "Done." } }]);
    const limits = { maxCostUsd: 0.0001 };
    const runId = await start({ task: "Work.", onLimit: "pause", limits });
    const watched = await openPage(browser, at(runId));
    const { page } = watched;
    const steer = page.getByRole("group", { name: "Steer the run" });
    await page.getByRole("heading", { name: "Turn 1 waiting" }).waitFor();
    await page.getByText(/waiting \(budget\): the next call can cost \$/).waitFor();
    await steer.getByRole("button", { name: "Add $…" }).click();
    await steer.getByLabel("Dollars to add").fill("0.60");
    await steer.getByRole("button", { name: "Add and resume" }).click();
    await page.locator(".end").waitFor();
    expect(await page.locator(".figures").textContent()).toContain("of $0.60");
    await watched.close();
  }, 120_000);

  test.each(["light", "dark"] as const)(
    "reads well in %s: contrast, names, headings",
    async (scheme) => {
      const runId = await start({ task: "What is the population of Iceland, and 7 % of it?" });
      await ended(runId);
      for (const width of [1280, 400]) {
        const watched = await openPage(browser, at(runId), { scheme, width });
        await watched.page.locator(".end").waitFor();
        expect(await accessibilityFaults(watched.page)).toEqual([]);
        const overflow =
          "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await watched.page.evaluate<number>(overflow)).toBe(0);
        await watched.close();
      }
    },
    120_000,
  );
});
