// What a state folder may be that somebody else prepared: a folder of another user, links that a repository
// shipped, a lock that names a process of the victim's. Owners can only be given away by root.

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBilling } from "../../../offline-model/billing.ts";
import { readConfig } from "../../../src/config.ts";
import { ensureStack, stopStack } from "../../../src/dev/ensure-stack.ts";
import { openForAppending } from "../../../src/dev/private-file.ts";
import { lockHolder, takeLock } from "../../../src/dev/process-lock.ts";
import { endProcess, isAlive, markOf, type ProcessMark } from "../../../src/dev/process-mark.ts";
import { livingChildren, stateFiles } from "../../../src/dev/stack-state.ts";
import { openStateFolder, trustStateFolder } from "../../../src/dev/state-folder.ts";

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0 ? test : test.skip;

let parent: string;
let dir: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "pawl-folder-"));
  dir = join(parent, ".pawl");
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const refusal = (text: RegExp) =>
  expect.objectContaining({ code: "CONFIG", message: expect.stringMatching(text) });

async function withVictim(use: (victim: ProcessMark) => Promise<void>): Promise<void> {
  const child = spawn("sleep", ["60"]);
  const mark = child.pid === undefined ? undefined : markOf(child.pid);
  if (mark === undefined) throw new Error("no process");
  try {
    await use(mark);
  } finally {
    await endProcess(mark, 5000);
  }
}

describe("K5: a state folder", () => {
  test("that is not there is made for its owner alone", () => {
    expect(trustStateFolder(dir)).toBe(false);
    openStateFolder(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test.each([0o755, 0o770, 0o701])("of our own that was open (%i) is closed", (mode) => {
    mkdirSync(dir);
    chmodSync(dir, mode);
    openStateFolder(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test("that is a link is refused, wherever it leads, and stays as it is", () => {
    const elsewhere = join(parent, "elsewhere");
    mkdirSync(elsewhere, { mode: 0o755 });
    symlinkSync(elsewhere, dir);
    expect(() => openStateFolder(dir)).toThrow(
      refusal(/is a link, so nothing in it can be trusted/),
    );
    expect(statSync(elsewhere).mode & 0o777).toBe(0o755);
  });

  test.each([
    ["a log", "worker.log"],
    ["the lock", "stack.lock"],
    ["Temporal's database", "temporal.db-wal"],
    ["the folder of the other database", "postgres"],
    ["the token", "local.token"],
  ])("with a link in the place of %s is refused, and its target is not touched", (_what, name) => {
    mkdirSync(dir);
    const target = join(parent, "victim.rc");
    writeFileSync(target, "as it was");
    symlinkSync(target, join(dir, name));
    expect(() => openStateFolder(dir)).toThrow(refusal(/is a link to somewhere else/));
    expect(readFileSync(target, "utf8")).toBe("as it was");
  });

  asRoot("of another user is refused, and its mode is not changed", () => {
    mkdirSync(dir);
    chmodSync(dir, 0o777);
    chownSync(dir, NOBODY, NOBODY);
    expect(() => openStateFolder(dir)).toThrow(refusal(/belongs to another user \(uid 65534\)/));
    expect(statSync(dir).mode & 0o777).toBe(0o777);
  });

  asRoot("that holds a file of another user is refused", () => {
    mkdirSync(dir);
    writeFileSync(join(dir, "ports.json"), "{}");
    chownSync(join(dir, "ports.json"), NOBODY, NOBODY);
    expect(() => openStateFolder(dir)).toThrow(refusal(/ports\.json belongs to another user/));
  });

  asRoot("of another user has no process ended by what stands in it", async () => {
    mkdirSync(dir);
    await withVictim(async (victim) => {
      writeFileSync(stateFiles(dir).lock, JSON.stringify(victim));
      writeFileSync(stateFiles(dir).children, JSON.stringify({ worker: victim }));
      chmodSync(dir, 0o777);
      chownSync(dir, NOBODY, NOBODY);
      const config = readConfig({ PAWL_STATE_DIR: dir });
      const wanted = { config, env: {}, to: "use" } as const;
      await expect(stopStack(dir)).rejects.toEqual(refusal(/belongs to another user/));
      await expect(ensureStack(wanted, () => undefined)).rejects.toEqual(refusal(/another user/));
      expect(isAlive(victim)).toBe(true);
    });
  });

  asRoot(
    "of our own does not believe a lock, or a list of parts, that another user left in it",
    async () => {
      mkdirSync(dir);
      await withVictim(async (victim) => {
        const { lock, children } = stateFiles(dir);
        writeFileSync(lock, JSON.stringify(victim));
        writeFileSync(children, JSON.stringify({ worker: victim }));
        expect(lockHolder(lock)).toEqual(victim);
        expect(livingChildren(dir).size).toBe(1);
        for (const path of [lock, children]) chownSync(path, NOBODY, NOBODY);
        expect(lockHolder(lock)).toBeUndefined();
        expect(livingChildren(dir).size).toBe(0);
        await expect(stopStack(dir)).rejects.toEqual(refusal(/belongs to another user/));
        expect(isAlive(victim)).toBe(true);
      });
    },
  );

  test("has no process ended by a lock that is a link to a file of ours", async () => {
    mkdirSync(dir);
    await withVictim(async (victim) => {
      const elsewhere = join(parent, "a-lock-of-another-stack");
      writeFileSync(elsewhere, JSON.stringify(victim));
      symlinkSync(elsewhere, stateFiles(dir).lock);
      await expect(stopStack(dir)).rejects.toEqual(refusal(/is a link to somewhere else/));
      expect(isAlive(victim)).toBe(true);
    });
  });
});

describe("K5: a file that is opened for writing", () => {
  beforeEach(() => mkdirSync(dir, { mode: 0o700 }));

  test("is made for its owner alone, and continued", () => {
    const path = join(dir, "worker.log");
    for (const line of ["a\n", "b\n"]) {
      const fd = openForAppending(path);
      writeSync(fd, line);
      closeSync(fd);
    }
    expect(readFileSync(path, "utf8")).toBe("a\nb\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("is not what a link leads to, whether that is there or not", () => {
    const target = join(parent, "victim.rc");
    const path = join(dir, "worker.log");
    symlinkSync(target, path);
    expect(() => openForAppending(path)).toThrow(refusal(/is a link to somewhere else/));
    expect(existsSync(target)).toBe(false);
    writeFileSync(target, "as it was");
    expect(() => openForAppending(path)).toThrow(refusal(/is a link to somewhere else/));
    expect(() => openBilling(path, Date.now)).toThrow(/ELOOP/);
    expect(readFileSync(target, "utf8")).toBe("as it was");
  });

  test("is not a second name of a file elsewhere", () => {
    const target = join(parent, "victim.rc");
    writeFileSync(target, "as it was");
    linkSync(target, join(dir, "worker.log"));
    expect(() => openForAppending(join(dir, "worker.log"))).toThrow(refusal(/has a second name/));
  });

  test("is not a pipe, which would hold us, nor a folder", () => {
    const pipe = join(dir, "worker.log");
    execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", pipe]);
    expect(() => openForAppending(pipe)).toThrow(refusal(/is a pipe/));
    expect(() => openForAppending(dir)).toThrow(/EISDIR/);
  });

  test("a lock is taken by a name of its own: a link in its place is replaced, not followed", () => {
    const target = join(parent, "victim.rc");
    writeFileSync(target, "as it was");
    const { lock } = stateFiles(dir);
    symlinkSync(target, lock);
    expect(takeLock(lock)).toBe(true);
    expect(lstatSync(lock).isFile()).toBe(true);
    expect(readFileSync(target, "utf8")).toBe("as it was");
  });
});
