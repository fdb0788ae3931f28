// A person at a terminal decides on tool calls: seen in the list, decided by id, shown as it happens.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { ApprovalWaiting } from "../../src/domain/approval.ts";
import { pawlIn } from "../support/cli.ts";
import { startPawl } from "../support/cli-process.ts";
import { until } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(180_000);

let world: World;
const files = mkdtempSync(join(tmpdir(), "pawl-files-"));

beforeAll(async () => {
  world = await openWorld({ env: { PAWL_FILES_DIR: files } });
  await world.startWorker();
}, 180_000);
afterEach(() => world.model.reset());
afterAll(async () => {
  await world?.close();
  rmSync(files, { recursive: true, force: true });
});

const TASK = 'Write "hello world" to the file notes.txt.';

/** The list is a second or so behind the runs. */
async function listed(runId: string): Promise<ApprovalWaiting> {
  return await until("the call is in the list", async () => {
    const { stdout } = await pawlIn(world, ["approvals", "--json"]);
    const calls = stdout.split("\n").filter((line) => line !== "");
    return calls
      .map((line) => JSON.parse(line) as ApprovalWaiting)
      .find((call) => call.runId === runId);
  });
}

async function started(...options: readonly string[]): Promise<string> {
  const { stdout } = await pawlIn(world, ["run", TASK, "--detach", ...options]);
  return /run_[\w-]{36}/.exec(stdout)?.[0] ?? "";
}

test("a call is listed, approved by its id, and executed", async () => {
  const run = startPawl(["run", TASK], world.env);
  const runId = await until("it waits", () => {
    return /pawl approve (run_[\w-]{36})/.exec(run.stdout() + run.stderr())?.[1];
  });
  const { callId, tool, preview, argsDigest } = await listed(runId);
  expect({ callId, tool, preview }).toEqual({
    callId: "1.1",
    tool: "write_file",
    preview: '{"path":"notes.txt","content":"hello world"}',
  });
  const whole = await pawlIn(world, ["approvals", runId, callId]);
  expect(whole.stdout).toContain('content = "hello world"');
  expect(whole.stdout).toContain(`pawl approve ${runId} 1.1 --digest ${argsDigest}`);
  const words = ["--digest", argsDigest, "--reason", "fine"];
  const approved = await pawlIn(world, ["approve", runId, callId, ...words]);
  expect(approved).toMatchObject({ exitCode: 0, stdout: "approved\n" });
  const ended = await run.ended;
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout + ended.stderr).toMatch(/write_file was approved by .+: fine/);
  expect(readFileSync(join(files, "local", runId, "notes.txt"), "utf8")).toBe("hello world");

  const again = await pawlIn(world, ["approve", runId, callId, ...words, "--json"]);
  expect(again.exitCode).toBe(2);
  expect(JSON.parse(again.stdout)).toMatchObject({ type: "error", code: "RUN_ENDED" });
});

test("a call that is denied is not executed, and the answer says so", async () => {
  const runId = await started();
  const { callId } = await listed(runId);
  const denied = await pawlIn(world, ["deny", runId, callId, "--reason", "no", "--json"]);
  expect(JSON.parse(denied.stdout)).toMatchObject({ verdict: "denied", reason: "no" });
  const { stdout } = await pawlIn(world, ["attach", runId]);
  expect(stdout).toContain("was not written");
  expect(existsSync(join(files, "local", runId))).toBe(false);
});

test("a call is executed with the arguments that a person puts in their place", async () => {
  const runId = await started();
  const { callId, argsDigest } = await listed(runId);
  const approve = ["approve", runId, callId, "--digest", argsDigest];
  const wrong = await pawlIn(world, [...approve, "--input", '{"path": 1}']);
  expect(wrong).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("path must be string"),
  });
  const edit = '{"path": "other.txt", "content": "bye"}';
  const edited = await pawlIn(world, [...approve, "--input", edit]);
  expect(edited).toMatchObject({ exitCode: 0, stdout: "approved, with your arguments\n" });
  await pawlIn(world, ["attach", runId]);
  expect(readFileSync(join(files, "local", runId, "other.txt"), "utf8")).toBe("bye");
  expect(existsSync(join(files, "local", runId, "notes.txt"))).toBe(false);
});

test("tools are asked about or left out where the caller wants it", async () => {
  const asked = await pawlIn(world, ["run", "What is 6 * 7?", "--ask", "calculator", "--detach"]);
  const runId = /run_[\w-]{36}/.exec(asked.stdout)?.[0] ?? "";
  const { callId, tool, argsDigest } = await listed(runId);
  expect(tool).toBe("calculator");
  await pawlIn(world, ["approve", runId, callId, "--digest", argsDigest]);
  const { stdout } = await pawlIn(world, ["attach", runId]);
  expect(stdout).toContain("42");

  const without = await pawlIn(world, ["run", TASK, "--deny", "write_file"]);
  expect(without.exitCode).toBe(0);
  const misspelt = await pawlIn(world, ["run", TASK, "--deny", "write_fiel"]);
  expect(misspelt).toMatchObject({ exitCode: 1 });
  expect(misspelt.stdout + misspelt.stderr).toContain("there is no such tool");
});

test("what is wrong is said, and decides nothing", async () => {
  const runId = await started();
  const { callId, argsDigest } = await listed(runId);
  const approve = (call: string, ...more: readonly string[]) =>
    pawlIn(world, ["approve", runId, call, ...more]);
  const unknown = await approve("9.9", "--digest", argsDigest);
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("pawl approvals") });
  const noRun = await pawlIn(world, ["deny", "run_nobody", callId]);
  expect(noRun).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("no run") });
  const noJson = await approve(callId, "--digest", argsDigest, "--input", "[1]");
  expect(noJson).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("JSON object") });
  const other = await approve(callId, "--digest", "0".repeat(64));
  expect(other).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("other arguments") });
  expect(await approve(callId)).toMatchObject({ exitCode: 2 });
  expect(await listed(runId)).toMatchObject({ callId });
  await pawlIn(world, ["cancel", runId]);
  await pawlIn(world, ["attach", runId]);
});
