import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { runFolderIn, tryFilesFolder } from "../../../activities/files-folder.ts";

let outside: string;
let dir: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "pawl-folder-"));
  dir = join(outside, "data", "files");
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

const at = (filesDir: string | undefined, stateDir = "") => ({
  tools: { filesDir, filesRoots: [] },
  stack: { dir: stateDir },
});

describe("the folder for files is tried when a worker starts", () => {
  test("made where it is not there, below the state folder unless it is named", async () => {
    expect(await tryFilesFolder(at(dir))).toMatchObject({ kind: "usable", dir });
    const state = join(outside, "state");
    const named = await tryFilesFolder(at(undefined, state));
    expect(named).toMatchObject({ kind: "usable", dir: join(state, "files") });
    expect(readdirSync(dir)).toEqual([".pawl-folder"]);
  });

  test("known again by its mark, by however many come at once, and no other folder has it", async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => tryFilesFolder(at(dir))));
    const ids = many.map((found) => found.kind === "usable" && found.folderId);
    expect([...new Set(ids)]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(await tryFilesFolder(at(dir))).toEqual(many[0]);
    expect(await tryFilesFolder(at(join(outside, "other")))).not.toMatchObject({
      folderId: ids[0],
    });
  });

  test("unusable where something else is in its place, above it too", async () => {
    writeFileSync(join(outside, "data"), "");
    const why = expect.stringMatching(/folder|in its place/);
    expect(await tryFilesFolder(at(dir))).toEqual({ kind: "unusable", dir, why });
    const file = join(outside, "data");
    expect(await tryFilesFolder(at(file))).toEqual({ kind: "unusable", dir: file, why });
  });

  test("unusable where its mark says nothing", async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, ".pawl-folder"), "\n");
    const why = "the file .pawl-folder in it is empty; delete it";
    expect(await tryFilesFolder(at(dir))).toMatchObject({ kind: "unusable", why });
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot("unusable where workers of another user keep theirs", async () => {
    await tryFilesFolder(at(dir));
    chownSync(join(dir, ".pawl-folder"), 1234, 1234);
    const why = "workers of another user (uid 1234, not 0) keep files in it";
    expect(await tryFilesFolder(at(dir))).toMatchObject({ kind: "unusable", why });
  });
});

describe("each run has a folder of its own", () => {
  const files = { kind: "usable", dir: "/files", folderId: "1", roots: [] } as const;

  test("below its tenant's", () => {
    expect(runFolderIn(files, "acme", "run_1")).toBe("/files/acme/run_1");
  });

  test("and none where this worker has no place for files", () => {
    expect(runFolderIn({ kind: "elsewhere" }, "acme", "run_1")).toBeUndefined();
    const broken = { kind: "unusable", dir: "/files", why: "the disk is full" } as const;
    expect(runFolderIn(broken, "acme", "run_1")).toBeUndefined();
  });

  test("whatever the tenant is called", () => {
    const odd = [
      "..",
      ".",
      "a/b",
      "a\\b",
      "../acme",
      "acme",
      "ACME",
      "%2E%2E",
      "a b",
      "\ud800",
      "",
    ];
    const dirs = odd.map((tenant) => runFolderIn(files, tenant, "run_1") ?? "");
    expect(new Set(dirs).size).toBe(odd.length);
    for (const found of dirs) expect(found).toMatch(/^\/files\/[^/]+\/run_1$/);
    for (const found of dirs) expect(found.split("/")).not.toContain("..");
    expect(runFolderIn(files, ".pawl-folder", "run_1")).not.toContain("/.pawl-folder");
  });
});
