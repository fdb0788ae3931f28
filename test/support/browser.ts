// A real browser: Chromium, driven by playwright-core. Each page keeps a record of what
// it asked for and of what its console said, for tests that nothing leaves and nothing is refused.

import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";
import { packageFile } from "../../src/package-root.ts";
import { findChromium, isPacked } from "./find-chromium.ts";

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
  /** Takes a certificate that nobody signed. */
  readonly trustsAnyone?: true;
}

// In a container nobody but root may be there, and /dev/shm is small.
const ARGS = ["--no-sandbox", "--disable-dev-shm-usage"];

const run = promisify(execFile);

export async function openBrowser(): Promise<Browser> {
  const found = findChromium();
  if (found === undefined) {
    throw new Error("These tests need Chromium: apt-get install chromium, or set CHROMIUM_PATH.");
  }
  if (!isPacked(found)) return await launch(found);
  const dir = await mkdtemp(join(tmpdir(), "pawl-chromium-"));
  const program = await unpack(dir);
  const browser = await launch(program, await ownParts(dir, program));
  browser.on("disconnected", () => rmSync(dir, { recursive: true, force: true }));
  return browser;
}

async function launch(executablePath: string, env: NodeJS.ProcessEnv = {}): Promise<Browser> {
  const options = { executablePath, args: ARGS, timeout: 60_000, env: { ...process.env, ...env } };
  return await chromium.launch(options);
}

/**
 * Its package unpacks into the temp dir of the process that asks, and some of it only where that looks like
 * Amazon's functions: so a process of its own asks.
 */
async function unpack(dir: string): Promise<string> {
  const script =
    'import { default as packed } from "@sparticuz/chromium"; console.log(await packed.executablePath());';
  const asked = ["--input-type=module", "--eval", script];
  const env = { ...process.env, TMPDIR: dir, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" };
  const { stdout } = await run(process.execPath, asked, { cwd: packageFile(""), env });
  return stdout.trim();
}

/** A machine that lacks a browser's libraries gets those of the package; and its fonts, where it has none. */
async function ownParts(dir: string, program: string): Promise<NodeJS.ProcessEnv> {
  const isComplete = !(await run("ldd", [program])).stdout.includes("not found");
  return {
    ...(isComplete ? {} : { LD_LIBRARY_PATH: join(dir, "al2023", "lib") }),
    ...(existsSync("/etc/fonts/fonts.conf") ? {} : { FONTCONFIG_PATH: join(dir, "fonts") }),
  };
}

export async function openPage(
  browser: Browser,
  url: string,
  { scheme = "light", width = 1280, height = 860, trustsAnyone }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height },
    ignoreHTTPSErrors: trustsAnyone === true,
  });
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
