import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { withLock, type Lock } from "../../../src/files/file-lock.ts";
import { inFolder } from "../../../src/files/folder.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const locked = async <T>(
  act: (lock: Lock) => Promise<T>,
  { name = "a.txt", signal = new AbortController().signal, deadAfterMs = 60_000 } = {},
): Promise<T> =>
  await inFolder({ root: dir, isOwn: true, closed: [] }, { names: [], makes: true }, (folder) =>
    withLock(folder, { name, signal, deadAfterMs }, act),
  );
const turnOver = async (): Promise<void> => await new Promise((done) => void setImmediate(done));

test("one at a time has the lock of a file, and nothing of it is left", async () => {
  let holders = 0;
  const most: number[] = [];
  const hold = async (): Promise<void> => {
    holders += 1;
    most.push(holders);
    await turnOver();
    holders -= 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => locked(hold)));
  expect(most).toEqual(Array.from({ length: 12 }, () => 1));
  expect(readdirSync(dir)).toEqual([]);
});

test("locks of two files are two", async () => {
  const both = await locked(
    async () => await locked(async () => "inside of both", { name: "b.txt" }),
  );
  expect(both).toBe("inside of both");
});

test("it is given back by one that fails, and what went wrong is told", async () => {
  await expect(locked(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(readdirSync(dir)).toEqual([]);
});

test("one that somebody left behind is taken away, by however many wait", async () => {
  await locked(async () => {
    const [left = ""] = readdirSync(dir);
    // As of a process that was killed with it in hand.
    writeFileSync(join(dir, left), "somebody who died");
    const after = await Promise.all(
      Array.from({ length: 6 }, () =>
        locked(async (lock) => await lock.isHeld(), { deadAfterMs: 30 }),
      ),
    );
    expect(after).toEqual(Array.from({ length: 6 }, () => true));
  });
  expect(readdirSync(dir)).toEqual([]);
});

test("who had it taken away is told, and takes nobody's with it", async () => {
  await locked(async (mine) => {
    await locked(
      async (theirs) => expect([await mine.isHeld(), await theirs.isHeld()]).toEqual([false, true]),
      { deadAfterMs: 30 },
    );
    writeFileSync(join(dir, "of-others"), "");
  });
  expect(readdirSync(dir)).toEqual(["of-others"]);
});

test("who waits for it hears a cancel", async () => {
  const stop = new AbortController();
  await locked(async () => {
    const waiting = locked(async () => "never", { signal: stop.signal });
    stop.abort(new Error("the run was cancelled"));
    await expect(waiting).rejects.toThrow();
  });
});
