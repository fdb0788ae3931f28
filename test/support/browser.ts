// A real browser: Chromium of the machine, driven by playwright-core. Each page keeps a record of what
// it asked for and of what its console said, for tests that nothing leaves and nothing is refused.

import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";

export interface WatchedPage {
  readonly page: Page;
  /** Addresses of all requests, also of those that were refused. */
  readonly requests: readonly string[];
  /** Errors of scripts and of the console: violations of the content security policy are among them. */
  readonly complaints: readonly string[];
  close: () => Promise<void>;
}

export interface PageOptions {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
}

const USUAL_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export async function openBrowser(): Promise<Browser> {
  const executablePath = [process.env["CHROMIUM_PATH"], ...USUAL_PATHS].find(
    (path) => path !== undefined && existsSync(path),
  );
  if (executablePath === undefined) {
    throw new Error("These tests need Chromium: apt-get install chromium, or set CHROMIUM_PATH.");
  }
  // In a container nobody but root may be there, and /dev/shm is small.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  return await chromium.launch({ executablePath, args, timeout: 60_000 });
}

export async function openPage(
  browser: Browser,
  url: string,
  { scheme = "light", width = 1280, height = 860 }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator("main h1").waitFor({ state: "attached" });
  return { page, requests, complaints, close: () => context.close() };
}
