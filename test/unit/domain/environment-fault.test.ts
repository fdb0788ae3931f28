// Faults of the environment come from many libraries; made here by the libraries themselves where they can be.

import { describe, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentFault } from "../../../src/domain/environment-fault.ts";
import { PawlError } from "../../../src/domain/errors.ts";

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function systemError(code: string, path?: string): Error {
  const error = new Error(`${code}: no, open '${path ?? ""}'`);
  return Object.assign(error, { code, syscall: "open", ...(path === undefined ? {} : { path }) });
}

describe("files", () => {
  test.each([
    ["EACCES", "/srv/app/.pawl", "/srv/app/.pawl can't be used: permission denied."],
    ["EROFS", "/app/.pawl", "/app/.pawl can't be used: the file system can only be read."],
    ["ENOSPC", undefined, "A file can't be used: the disk is full."],
    ["EPERM", "/x", "/x can't be used: permission denied."],
    ["EDQUOT", "/x", "/x can't be used: the disk quota is used up."],
  ])("%s is a setting to mend, by name", (code, path, message) => {
    expect(environmentFault(systemError(code, path))).toMatchObject({
      code: "FILE_UNUSABLE",
      message,
    });
  });

  test("a folder that is a file, and a file that is a folder", () => {
    const dir = mkdtempSync(join(tmpdir(), "pawl-fault-"));
    try {
      const file = join(dir, "file");
      writeFileSync(file, "");
      for (const work of [
        () => mkdirSync(file),
        () => mkdirSync(join(file, "x"), { recursive: true }),
        () => readFileSync(dir),
      ]) {
        expect(environmentFault(thrownBy(work))).toMatchObject({ code: "FILE_UNUSABLE" });
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("a program that can't be started is no fault of a file", () => {
    const spawned = Object.assign(systemError("EACCES", "/bin/x"), { syscall: "spawn" });
    expect(environmentFault(spawned)).toBeNull();
  });
});

test.each([
  "A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)",
  "A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)",
])("a user without a home: %s", (message) => {
  expect(environmentFault(new Error(message))).toMatchObject({
    code: "FILE_UNUSABLE",
    message: "This user has no home folder, and HOME is not set",
  });
});

test("a folder that was deleted under the shell", () => {
  const error = new Error("ENOENT: no such file or directory, uv_cwd");
  expect(environmentFault(error)?.message).toBe("The current folder is not there any more");
});

test.each([
  "5 NOT_FOUND: Namespace nosuch is not found.",
  'Namespace "nosuch" not found',
  "namespace: nosuch not found",
  "Namespace not found: 'nosuch'",
])("Temporal's %j is a namespace that is not there", (message) => {
  expect(environmentFault(new Error(message))).toMatchObject({
    code: "NAMESPACE_NOT_FOUND",
    message: "The Temporal server has no namespace nosuch",
  });
});

test("what lies behind an error counts as well, and an error of ours is what it says", () => {
  const deep = new Error("failed", {
    cause: new Error("x", { cause: systemError("EROFS", "/x") }),
  });
  expect(environmentFault(deep)).toMatchObject({ code: "FILE_UNUSABLE" });
  const own = new PawlError("CONFIG", "no");
  expect(environmentFault(own)).toBe(own);
});

test.each([new TypeError("x is not a function"), new Error("broken"), "text", null, undefined])(
  "%p is a defect, and stays one",
  (error) => expect(environmentFault(error)).toBeNull(),
);
