// What a tool asks, as a form on the page: a real browser and the real page, with a question that the test writes.

import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Browser } from "playwright-core";
import { accessibilityFaults } from "../support/accessibility.ts";
import { openBrowser, openPage } from "../support/browser.ts";
import { servePage, type PageServer } from "../support/page-server.ts";
import { until } from "../support/processes.ts";

const CALL = { callId: "1.2", tool: "seat", turn: 1, round: 3 };
const TIMES = { requestedAt: "2026-11-26T10:00:00Z", deadlineAt: "2999-01-01T00:00:00Z" };
const QUESTIONS = [
  {
    id: "place",
    text: "Where?\u202e <img src=x onerror=alert(1)>",
    url: "https://example.org/plan",
    schema: {
      type: "object",
      properties: {
        side: { type: "string", oneOf: [{ const: "w", title: "Window" }, { const: "b" }] },
        row: { type: "integer", maximum: 9 },
        name: { type: "string", title: "A name", description: "For the board." },
        quiet: { type: "boolean" },
      },
      required: ["side"],
    },
  },
  { id: "sure", text: "Sure?", schema: null },
];

let browser: Browser;
let server: PageServer;
const answered: unknown[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  server = await servePage({
    get: answerTo,
    post(path, body) {
      answered.push(path, body);
      return { actions: {} };
    },
    stream,
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

function answerTo(path: string): object {
  const about = { ...CALL, ...TIMES, runId: "run_1", agent: "steward", task: "Seat us." };
  if (path === "/v1/approvals") return { approvals: [] };
  if (path === "/v1/questions") return { questions: [{ ...about, preview: "Where?" }] };
  if (path.includes("/questions/")) return { ...about, questions: QUESTIONS };
  return { status: "waiting", task: "Seat us.", agent: "steward", waiting: null };
}

function stream(response: ServerResponse): void {
  const event = { type: "question.asked", id: "0.9", runId: "run_1", ts: TIMES.requestedAt };
  const data = JSON.stringify({ ...event, ...CALL, ...TIMES, questions: QUESTIONS });
  response.write(`id: 0.9\nevent: question.asked\ndata: ${data}\n\n`);
}

test.each([["#/runs/run_1"], ["#/approvals"]])(
  "at %s a question is a form: what the tool wrote is text, and what is filled in is sent",
  async (place) => {
    const { page, close } = await openPage(browser, `${server.url}/${place}`);
    try {
      const card = page.locator("form.question");
      await card.waitFor({ timeout: 60_000 });
      const text = (await card.textContent()) ?? "";
      expect(text).toContain("⟦U+202E⟧ <img src=x onerror=alert(1)>");
      expect(await card.locator("img").count()).toBe(0);
      const link = card.locator("a");
      expect(await link.getAttribute("href")).toBe("https://example.org/plan");
      expect(await link.getAttribute("rel")).toContain("noopener");
      expect(await accessibilityFaults(page)).toEqual([]);
      answered.length = 0;
      await card.getByRole("button", { name: "Answer" }).click();
      await until("what is missing is told", async () =>
        ((await card.textContent()) ?? "").includes("side is missing"),
      );
      expect(answered).toEqual([]);
      await card.getByLabel("side").selectOption("w");
      await card.getByLabel("row").fill("4");
      await card.getByLabel("A name").fill("Anna");
      await card.getByLabel("quiet").selectOption("no");
      await card.getByRole("button", { name: "Answer" }).click();
      await until("it is sent", () => answered.length === 2);
      expect(answered).toEqual([
        "/v1/runs/run_1/questions/1.2",
        {
          round: 3,
          answers: {
            place: {
              action: "accept",
              content: { side: "w", row: 4, name: "Anna", quiet: false },
            },
            sure: { action: "accept" },
          },
        },
      ]);
    } finally {
      await close();
    }
  },
  120_000,
);
