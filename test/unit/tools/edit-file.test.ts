import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { ToolContext } from "../../../activities/tools/define-tool.ts";
import { editFileTool } from "../../../activities/tools/edit-file.ts";
import { writeFileTool } from "../../../activities/tools/write-file.ts";
import { openRoots } from "../../../src/files/open-roots.ts";
import { contextFor } from "./support.ts";

let filesDir: string;
let path: string;
beforeEach(() => {
  filesDir = mkdtempSync(join(tmpdir(), "pawl-edit-"));
  path = join(filesDir, "a.txt");
});
afterEach(() => rmSync(filesDir, { recursive: true, force: true }));

const edit = async (find: string, replace: string, given: Partial<ToolContext> = {}) =>
  await editFileTool.run({ path: "a.txt", find, replace }, contextFor({ filesDir, ...given }));
const now = (): string => readFileSync(path, "utf8");
const errorOf = async (find: string, replace = "x"): Promise<string> => {
  const { text, isError } = await edit(find, replace);
  expect(isError).toBe(true);
  const { error, suggestion } = JSON.parse(text) as Record<string, string>;
  expect(suggestion).toMatch(/\w/);
  return error ?? "";
};

describe("a file is edited", () => {
  test("in the one place that is meant, and what was done is told", async () => {
    writeFileSync(path, "one\r\ntwo\r\nthree\r\n");
    const { text } = await edit("two\n", "zwei\n");
    expect(JSON.parse(text)).toEqual({ path: "a.txt", line: 2, bytes: 18 });
    expect(now()).toBe("one\r\nzwei\r\nthree\r\n");
    expect(readdirSync(filesDir)).toEqual(["a.txt"]);
  });

  test("and keeps its mode; as the administrator, its owner", async () => {
    writeFileSync(path, "one");
    chmodSync(path, 0o754);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(path, 1234, 4321);
    await edit("one", "two");
    const { mode, uid, gid } = statSync(path);
    expect(mode & 0o777).toBe(0o754);
    if (isRoot) expect([uid, gid]).toEqual([1234, 4321]);
  });

  test("by many calls at once, of which none is lost, whole writes among them", async () => {
    const names = Array.from({ length: 16 }, (_, at) => `<${at}>`);
    writeFileSync(path, names.join("\n"));
    const edits = names.map((name) => edit(name, `${name} done`));
    const write = writeFileTool.run(
      { path: "b.txt", content: "beside it" },
      contextFor({ filesDir }),
    );
    for (const { isError } of await Promise.all([...edits, write])) expect(isError).toBe(false);
    expect(now()).toBe(names.map((name) => `${name} done`).join("\n"));
    expect(readdirSync(filesDir).toSorted()).toEqual(["a.txt", "b.txt"]);
  });

  test("in a root, where the names of its folder are its owner's", async () => {
    const root = join(filesDir, "out");
    const fileRoots = await openRoots([{ path: filesDir, isWritable: true }], []);
    const context = contextFor({ fileRoots });
    const named = join(root, "10:30", "a.txt");
    await writeFileTool.run({ path: named, content: "one" }, context);
    const { text } = await editFileTool.run({ path: named, find: "one", replace: "two" }, context);
    expect(JSON.parse(text)).toEqual({ path: named, line: 1, bytes: 3 });
    expect(readFileSync(named, "utf8")).toBe("two");
  });
});

describe("nothing is changed, and it is said why", () => {
  test("where the text is there more than once, or not at all", async () => {
    writeFileSync(path, "a\nb\na\n");
    expect(await errorOf("a")).toBe("The text to find is 2 times in a.txt: in lines 1, 3.");
    expect(await errorOf("  b \nc")).toBe(
      "The text to find is not in a.txt. Its first line is in line 2.",
    );
    expect(await errorOf("zzz")).toBe("The text to find is not in a.txt.");
    expect(await errorOf("a", "a")).toMatch(/are the same/);
    expect(await errorOf("a", "\ud800")).toMatch(/surrogate/);
    expect(now()).toBe("a\nb\na\n");
  });

  test("where it is no text in UTF-8, or too large", async () => {
    writeFileSync(path, Buffer.from("a\0b"));
    expect(await errorOf("a")).toBe("a.txt holds binary data, and no text.");
    writeFileSync(path, Buffer.from("a\xe9", "latin1"));
    expect(await errorOf("a")).toMatch(/not UTF-8/);
    writeFileSync(path, "a".padEnd(8 * 1024 * 1024 + 1, "b"));
    expect(await errorOf("a")).toMatch(/8388609 bytes; 8388608 are possible/);
    writeFileSync(path, "a".padEnd(8 * 1024 * 1024, "b"));
    expect(await errorOf("a", "two")).toMatch(/8388610 bytes; 8388608 are possible/);
  });

  test("where there is no such file, which is not tried again", async () => {
    expect(await errorOf("a")).toBe("a.txt was not edited: it is not there.");
    expect(readdirSync(filesDir)).toEqual([]);
  });
});

describe("behind an attempt that was lost", () => {
  test("it is made where it can't have been", async () => {
    writeFileSync(path, "one");
    expect(await edit("one", "two", { attempt: 2 })).toMatchObject({ isError: false });
    expect(now()).toBe("two");
  });

  test("it is not made twice, and the model is told to look", async () => {
    writeFileSync(path, "one\nmore\n");
    await edit("one\n", "one\none\n");
    const { text, isError } = await edit("one\n", "one\none\n", { attempt: 2 });
    expect(isError).toBe(true);
    expect(text).toMatch(/outcome of edit_file is unknown/);
    expect(now()).toBe("one\none\nmore\n");
  });
});
