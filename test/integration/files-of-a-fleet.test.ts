// The folder for files, by worker: whoever can't write there says so and offers none, whoever has another one than
// the rest is told, and doctor sees it from a client.

import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { checkServices } from "../../src/dev/doctor-services.ts";
import { packageFile } from "../../src/package-root.ts";
import type { Check } from "../../src/dev/check.ts";
import { approval, waitingCalls } from "../support/approvals.ts";
import { startProcess, type Process } from "../support/processes.ts";
import { openWorld, type World } from "../support/world.ts";

jest.setTimeout(120_000);

const TASK = 'Write "hello" to the file notes.txt.';

let world: World;
let outside: string;
beforeEach(async () => {
  outside = mkdtempSync(join(tmpdir(), "pawl-fleet-"));
  world = await openWorld();
});
afterEach(async () => {
  await world.close();
  rmSync(outside, { recursive: true, force: true });
});

const folder = (name: string) => ({ PAWL_FILES_DIR: join(outside, name) });

/** What a worker has said of its folder, by the name of the event. */
function said(worker: Process): readonly Record<string, unknown>[] {
  return worker.lines
    .filter((line) => line.includes('"event":"files_'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function doctor(): Promise<Check | undefined> {
  const checks = await checkServices(undefined, readConfig(world.env), world.env);
  return checks.find(({ name }) => name === "files");
}

async function start(): Promise<string> {
  return (await world.client.start({ task: TASK, tenant: "test", session: "test" })).runId;
}

async function approved(runId: string): Promise<void> {
  const [call] = await waitingCalls(world.client, runId);
  await world.client.decide(runId, approval(call));
}

test("a worker that can't write files says so when it starts, and asks nobody for leave to", async () => {
  writeFileSync(join(outside, "file"), "");
  const env = {
    PAWL_FILES_DIR: join(outside, "file", "files"),
    PAWL_TOOL_POLICY: "write_file=ask",
  };
  const worker = await world.startWorker(env);
  expect(said(worker)).toMatchObject([
    { event: "files_unusable", level: "warn", dir: env.PAWL_FILES_DIR },
  ]);
  const runId = await start();
  const result = await world.client.result(runId);
  expect(result).toMatchObject({ outcome: { kind: "answered" }, toolCalls: 0 });
  const sent = JSON.stringify(await world.model.requests());
  expect(sent).toContain("notes.txt");
  expect(sent).not.toContain('"write_file"');
  expect(sent).not.toContain(outside);
  expect(await doctor()).toMatchObject({
    status: "warn",
    detail: expect.stringContaining(`${env.PAWL_FILES_DIR} can't be used: `),
    fix: expect.stringContaining("PAWL_FILES_DIR"),
  });
});

test("a run that was opened elsewhere is told in plain words, and no place of the host", async () => {
  writeFileSync(join(outside, "file"), "");
  const usable = await world.startWorker(folder("files"));
  const runId = await start();
  await waitingCalls(world.client, runId);
  await usable.kill();
  await world.startWorker({ PAWL_FILES_DIR: join(outside, "file") });
  await approved(runId);
  const { answer } = await world.client.result(runId);
  expect(answer).toContain("notes.txt was not written: no file can be written here.");
  const sent = JSON.stringify(await world.model.requests());
  expect(sent).not.toContain(outside);
});

test("workers with one folder are one fleet, and a file that one was asked for another writes", async () => {
  const first = await world.startWorker(folder("files"));
  const runId = await start();
  await waitingCalls(world.client, runId);
  const second = await world.startWorker(folder("files"));
  await first.kill();
  await approved(runId);
  expect(await world.client.result(runId)).toMatchObject({ outcome: { kind: "answered" } });
  const path = join(outside, "files", "test", runId, "notes.txt");
  expect(readFileSync(path, "utf8")).toBe("hello");
  expect([...said(first), ...said(second)]).toEqual([]);
  expect(await doctor()).toMatchObject({
    status: "ok",
    detail: expect.stringContaining(`:${join(outside, "files")}, for `),
  });
});

test("a worker whose folder is another one than the others' says so, and doctor does", async () => {
  await world.startWorker(folder("one"));
  const other = await world.startWorker(folder("two"));
  const told = said(other);
  expect(told).toMatchObject([{ event: "files_apart", dir: join(outside, "two") }]);
  expect(told[0]?.["elsewhere"]).toEqual([expect.stringContaining(join(outside, "one"))]);
  const check = await doctor();
  expect(check).toMatchObject({ status: "warn", fix: expect.stringContaining("one folder") });
  expect(check?.detail).toContain(join(outside, "one"));
  expect(check?.detail).toContain(join(outside, "two"));
});

test("a worker alone whose folder is new says that what earlier runs wrote is not in it, once", async () => {
  const before = await world.startWorker(folder("one"));
  await before.stop();
  const moved = await world.startWorker(folder("two"));
  expect(said(moved)).toMatchObject([{ event: "files_moved", dir: join(outside, "two") }]);
  expect(await doctor()).toMatchObject({ status: "ok" });
  await moved.stop();
  const again = await world.startWorker(folder("two"));
  expect(said(again)).toEqual([]);
});

test("a process that executes no tools needs no folder", async () => {
  writeFileSync(join(outside, "file"), "");
  const { ANTHROPIC_API_KEY, ...env } = world.env;
  expect(ANTHROPIC_API_KEY).toBe("offline");
  const args = [packageFile("bin/pawl.js"), "worker", "--only", "core"];
  const core = startProcess(process.execPath, args, {
    env: { ...env, PAWL_FILES_DIR: join(outside, "file") },
  });
  try {
    await core.line("worker_ready");
    expect(said(core)).toEqual([]);
    expect(await doctor()).toBeUndefined();
  } finally {
    await core.kill();
  }
});
