import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdsLock, lockHolder, releaseLock, takeLock } from "../../../src/dev/process-lock.ts";
import { endProcess, isAlive, markOf, type ProcessMark } from "../../../src/dev/process-mark.ts";

let dir: string;
let lock: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-lock-"));
  lock = join(dir, "stack.lock");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function withOther<T>(use: (other: ProcessMark) => T | Promise<T>): Promise<T> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const mark = child.pid === undefined ? undefined : markOf(child.pid);
  if (mark === undefined) throw new Error("no process");
  try {
    return await use(mark);
  } finally {
    await endProcess(mark, 5000);
  }
}

test("a lock that nobody holds is taken, and is free again when released", () => {
  expect(takeLock(lock)).toBe(true);
  expect(holdsLock(lock)).toBe(true);
  releaseLock(lock);
  expect(lockHolder(lock)).toBeUndefined();
  expect(readdirSync(dir)).toEqual([]);
});

test("a lock of a process that lives is not taken", async () => {
  await withOther((other) => {
    writeFileSync(lock, JSON.stringify(other));
    expect(takeLock(lock)).toBe(false);
    expect(lockHolder(lock)).toEqual(other);
  });
});

test("a lock of a process that was killed is taken", async () => {
  const gone = await withOther((other) => other);
  writeFileSync(lock, JSON.stringify(gone));
  expect(takeLock(lock)).toBe(true);
});

test("a lock whose pid now belongs to another process is taken", async () => {
  await withOther((other) => {
    const earlier = { pid: other.pid, startMark: "1" };
    expect(isAlive(earlier)).toBe(false);
    writeFileSync(lock, JSON.stringify(earlier));
    expect(takeLock(lock)).toBe(true);
  });
});

test("a lock file that was cut short holds nothing", () => {
  writeFileSync(lock, '{"pid": 1');
  expect(takeLock(lock)).toBe(true);
});

test("a process with the pid of another one is not ended in its place", async () => {
  await withOther(async (other) => {
    await endProcess({ pid: other.pid, startMark: "1" }, 1000);
    expect(isAlive(other)).toBe(true);
  });
});
