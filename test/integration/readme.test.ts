// What the README says is true: each block of commands is run, or says why not and what does it.

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopStack } from "../../src/dev/ensure-stack.ts";
import { packageFile } from "../../src/package-root.ts";
import { startCommand } from "../support/cli-process.ts";
import type { CliRun } from "../support/cli.ts";
import { blocks, blockWith, commands, README, type Block } from "../support/readme.ts";

jest.setTimeout(240_000);

let stateDir: string;
beforeAll(() => {
  stateDir = mkdtempSync(join(tmpdir(), "pawl-readme-"));
});
afterAll(async () => {
  await stopStack(stateDir);
  rmSync(stateDir, { recursive: true, force: true });
});

/** With a state folder and a file of its own; what installs has been run to get here. */
async function run(block: Block): Promise<CliRun> {
  const script = block.text
    .replace("npm ci && ", "")
    .replaceAll(/(?:\.\/)?\.pawl\//g, `${stateDir}/`)
    .replaceAll("results.jsonl", join(stateDir, "results.jsonl"))
    .replaceAll("run.json", join(stateDir, "run.json"));
  const { PATH, HOME, XDG_CACHE_HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, XDG_CACHE_HOME, TMPDIR, PAWL_STATE_DIR: stateDir };
  const timers = { PAWL_HEARTBEAT_TIMEOUT_MS: "3000" };
  return await startCommand("bash", ["-euo", "pipefail", "-c", script], { ...env, ...timers })
    .ended;
}

describe("each block of commands of the README", () => {
  const tried = [
    "npm ci && npm start",
    "kill -9",
    "--max-cost 0.05",
    "pawl budget set",
    "pawl batch",
    "pawl doctor",
    "pawl approve",
    "Idempotency-Key",
  ];

  test("is run below, or says why not", () => {
    const open = commands.filter(
      ({ text, reason }) => reason === null && !tried.some((mark) => text.includes(mark)),
    );
    expect(open).toEqual([]);
    const named = commands.flatMap(({ reason }) => reason?.match(/test\/[\w/.-]+\.ts/g) ?? []);
    expect(named.filter((path) => !existsSync(packageFile(path)))).toEqual([]);
  });

  test("answers the first question as it shows", async () => {
    const { exitCode, stdout, stderr } = await run(blockWith("npm ci && npm start"));
    expect(exitCode).toBe(0);
    const shown = blocks.find(({ language, text }) => language === "text" && text.includes("→"));
    const answer = stdout.trimEnd().split("\n").at(-1) ?? "";
    expect(shown?.text.replaceAll("\n", " ")).toContain(answer);
    const figures = /3 model calls · 2 tool calls · [\d,]+ tokens in \(\d+ % cached\) · \d+ out/;
    expect(figures.exec(stderr)?.[0]).toBe(figures.exec(shown?.text ?? "")?.[0]);
  });

  test("shows budgets", async () => {
    const { exitCode, stdout } = await run(blockWith("--max-cost 0.05"));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/144[^]*169/);
  });

  test("sets a cap that runs share, and tells what was used", async () => {
    const { exitCode, stdout } = await run(blockWith("pawl budget set"));
    expect(stdout).toMatch(/tenant_day +acme +\$25\.00/);
    expect(stdout).toMatch(/\nclaude-[\w-]+ +[1-9]/);
    expect(stdout).toContain("70%simple");
    expect(exitCode).toBe(0);
  });

  test("works off a file of tasks, and waits for the batch lane", async () => {
    const { exitCode, stdout, stderr } = await run(blockWith("pawl batch"));
    expect(stdout).toContain("4 of 4 ended · 4 answered");
    expect(stdout).toContain("196");
    expect(stderr).toContain("waiting (batch)");
    const results = readFileSync(join(stateDir, "results.jsonl"), "utf8");
    expect(results.trim().split("\n")).toHaveLength(4);
    expect(exitCode).toBe(0);
  });

  test("kills a worker in the middle of a reply, and the run is answered", async () => {
    const { exitCode, stdout, stderr } = await run(blockWith("kill -9"));
    expect(stdout).toContain("397.8");
    expect(stderr).toContain("answered");
    expect(stderr).toMatch(/crash tax \$0\.0\d+, for attempts that were lost/);
    expect(exitCode).toBe(0);
  });

  test("serves a run over HTTP, and streams it", async () => {
    const { exitCode, stdout } = await run(blockWith("Idempotency-Key"));
    expect(stdout).toMatch(/event: reply\.delta[^]*event: run\.ended/);
    expect(stdout).toMatch(/\{"status":"done",[^]*397\.8/);
    expect(exitCode).toBe(0);
  });

  test("asks before a file is written", async () => {
    const { exitCode, stdout } = await run(blockWith("pawl approve"));
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("hello");
    expect(exitCode).toBe(0);
  });

  test("watches, shows, lists, exports, replays, and stops", async () => {
    const { exitCode, stdout, stderr } = await run(blockWith("pawl doctor"));
    expect(stderr).toContain("The local stack has ended.");
    expect(stdout).toContain("42");
    expect(stdout).toMatch(/#0 {2}same\n/);
    expect(stdout).toMatch(/\{"type":"result".*"answer":"[^"]*5/);
    expect(exitCode).toBe(0);
  });
});

test("every file that the README names is there", () => {
  const names = [...README.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|md|yml|example))`/g)];
  const paths = names.map((found) => found[1] ?? "");
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !existsSync(packageFile(path)))).toEqual([]);
});

test("what docker compose would start has its files: the image, its scripts, its settings", () => {
  const compose = readFileSync(packageFile("docker-compose.yml"), "utf8");
  const mounted = [...compose.matchAll(/- (\.\/[\w./-]+):/g)].map((found) => found[1] ?? "");
  expect(mounted.length).toBeGreaterThan(0);
  expect(["Dockerfile", ...mounted].filter((path) => !existsSync(packageFile(path)))).toEqual([]);
});

test("the place for the figures of the bench is there once", () => {
  expect(README.match(/<!-- bench:start -->[^]*<!-- bench:end -->/g)).toHaveLength(1);
});
