// A project folder as its author meets it: written by `pawl init`, edited, run offline; and `pawl dev`, which serves
// what is right while something else is broken.

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopStack } from "../../src/dev/ensure-stack.ts";
import { packageFile } from "../../src/package-root.ts";
import { startCommand, type CliProcess } from "../support/cli-process.ts";
import type { CliRun } from "../support/cli.ts";
import { PLAIN_ENV } from "../support/local-stack.ts";

jest.setTimeout(240_000);

let dir: string;
let dev: CliProcess | undefined;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-shop-"));
});
afterAll(async () => {
  dev?.signal("SIGTERM");
  await dev?.ended;
  await stopStack(join(dir, ".pawl"));
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

const start = (...args: readonly string[]): CliProcess =>
  startCommand(process.execPath, [packageFile("bin/pawl.js"), ...args], PLAIN_ENV, dir);
const pawl = async (...args: readonly string[]): Promise<CliRun> => await start(...args).ended;
const ask = async (agent: string, task: string): Promise<CliRun> =>
  await pawl("run", "--agent", agent, task);

function edit(file: string, change: (text: string) => string): void {
  const path = join(dir, file);
  const before = readFileSync(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

/** Of a first day: three commands, and two files edited. */
test("init, an edited tool, an edited agent and a run: answered offline, whatever else is broken", async () => {
  const made = await pawl("init");
  expect(made).toMatchObject({ exitCode: 0 });
  expect(made.stdout).toContain("agents/shop.yaml\ntools/stock.ts\n");
  edit("tools/stock.ts", (text) => text.replace("lamps: 12", "lamps: 41"));
  edit("agents/shop.yaml", (text) => `${text}permission: read\n`);
  writeFileSync(join(dir, "tools/broken.ts"), "export const defineTool: number = ;\n");
  writeFileSync(join(dir, "agents/lost.yaml"), "instructions: You look.\ntools: [no_such_tool]\n");

  dev = start("dev");
  await dev.said("1 agent, 1 tool, 2 mistakes", 120_000);
  await dev.said("tools/broken.ts:1: Expression expected. Mend the syntax there.");
  await dev.said("agents/lost.yaml:2: There is no tool no_such_tool.");
  await dev.said("The local stack is ready", 120_000);
  const answered = await ask("shop", "Check the stock of Lamps");
  expect(answered).toMatchObject({ exitCode: 0 });
  expect(answered.stdout).toContain('"pieces":41');

  const lost = await ask("lost", "Look");
  expect(lost.exitCode).toBe(1);
  expect(lost.stderr).toContain("UNKNOWN_AGENT");
  expect(lost.stderr).toContain("agents/lost.yaml:2: There is no tool no_such_tool.");
});

test("pawl dev takes up what is edited for the next run, and keeps in service what is broken now", async () => {
  edit("tools/stock.ts", (text) => text.replace("lamps: 41", "lamps: 42"));
  expect((await ask("shop", "Check the stock of Lamps")).stdout).toContain('"pieces":42');

  edit("agents/shop.yaml", (text) => text.replace("tools:", "toolz:"));
  await dev?.said("agents/shop.yaml:6: There is no field toolz. Did you mean tools?");
  await dev?.said("What it held before stays in service.");
  const old = await ask("shop", "Check the stock of Lamps");
  expect(old.stdout).toContain('"pieces":42');
  expect(old.stderr).toMatch(/shop\.yaml:6: .* Did you mean tools\? What it held before stays/);

  edit("agents/lost.yaml", (text) => text.replace("no_such_tool", "check_stock"));
  expect((await ask("lost", "Check the stock of Chairs")).stdout).toContain('"pieces":4');
});

test("what is there is listed with where it comes from, and what is wrong by an exit code", async () => {
  const tools = await pawl("tools");
  expect(tools.exitCode).toBe(2);
  expect(tools.stdout).toMatch(/^check_stock +tools\/stock\.ts +read +pure +lost$/m);
  expect(tools.stdout).toMatch(/^write_file +pawl +write +idempotent +assistant$/m);
  expect(tools.stderr).toMatch(/2 mistakes in .+:\n/);
  const agents = (await pawl("agents", "--json")).stdout.trim().split("\n");
  expect(agents.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ type: "agent", name: "lost", from: "agents/lost.yaml" }),
    expect.objectContaining({ type: "agent", name: "assistant", from: "pawl" }),
    expect.objectContaining({ type: "mistake", file: "tools/broken.ts", line: 1 }),
    expect.objectContaining({ type: "mistake", file: "agents/shop.yaml", line: 6 }),
  ]);
});

test("init writes over nothing", async () => {
  const before = readFileSync(join(dir, "tools/stock.ts"), "utf8");
  const again = await pawl("init");
  expect(again).toMatchObject({ exitCode: 0, stdout: "" });
  expect(again.stderr).toContain("Left as they were: agents/shop.yaml, tools/stock.ts");
  expect(readFileSync(join(dir, "tools/stock.ts"), "utf8")).toBe(before);
});
