import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readFileTool } from "../../../activities/tools/read-file.ts";
import { contextFor } from "./support.ts";

let filesDir: string;
beforeEach(() => {
  filesDir = mkdtempSync(join(tmpdir(), "pawl-read-"));
});
afterEach(() => rmSync(filesDir, { recursive: true, force: true }));

const put = (name: string, content: string | Uint8Array): void =>
  writeFileSync(join(filesDir, name), content);
const read = async (input: object) => await readFileTool.run(input, contextFor({ filesDir }));
const textOf = async (input: object): Promise<string> => (await read(input)).text;
const errorOf = async (input: object): Promise<unknown> => {
  const { text, isError } = await read(input);
  expect(isError).toBe(true);
  return JSON.parse(text);
};
const numbered = (count: number): string =>
  Array.from({ length: count }, (_, at) => `line ${at + 1}\n`).join("");

describe("a text file is read", () => {
  test("as it is, where it is whole", async () => {
    for (const text of ["one\ntwo\n", "no end", "\n", "\n\n", "ümläut 語 😀\n"]) {
      put("a.txt", text);
      expect(await textOf({ path: "a.txt" })).toBe(text);
    }
    put("a.txt", "");
    expect(await textOf({ path: "a.txt" })).toBe("[the file is empty]");
  });

  test("by lines, and it is said which they are and where to read on", async () => {
    put("a.txt", numbered(10));
    expect(await textOf({ path: "a.txt", from: 3, lines: 2 })).toBe(
      'line 3\nline 4\n[lines 3 to 4 of 10; read on with {"path":"a.txt","from":5}]',
    );
    expect(await textOf({ path: "a.txt", from: 9 })).toBe(
      "line 9\nline 10\n[lines 9 to 10 of 10; the end]",
    );
    expect(await textOf({ path: "a.txt", from: 11 })).toBe(
      "[nothing at line 11: the file has 10 lines]",
    );
  });

  test("to its last line by following what is said, whatever ends its pieces, with nothing lost", async () => {
    const text = Array.from({ length: 40_000 }, (_, at) => `${"語".repeat(at % 7)}${at}`).join(
      "\n",
    );
    put("a.txt", text);
    let all = "";
    let next: { path: string; from: number } | null = { path: "a.txt", from: 1 };
    while (next !== null) {
      const piece: string = await textOf(next);
      expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(49 * 1024);
      const noteAt = piece.lastIndexOf("[");
      const found: string | undefined = /read on with (\{.*\})\]$/.exec(piece.slice(noteAt))?.[1];
      next = found === undefined ? null : JSON.parse(found);
      all += piece.slice(0, noteAt);
    }
    expect(all).toBe(`${text}\n`);
  });

  test("however large it is: only what comes before the lines is looked at", async () => {
    put("a.txt", numbered(1000));
    truncateSync(join(filesDir, "a.txt"), 2 ** 40);
    expect(await errorOf({ path: "a.txt", from: 1001 })).toMatchObject({
      error: expect.stringMatching(/^a\.txt holds binary data \(1099511627776 bytes\)/),
    });
    put("b.txt", numbered(2_000_000));
    expect(await textOf({ path: "b.txt", from: 1_999_999, lines: 1 })).toBe(
      'line 1999999\n[lines 1999999 to 1999999; read on with {"path":"b.txt","from":2000000}]',
    );
  });

  test("with a line that is too long to be shown cut for the model, and kept as far as a result is", async () => {
    put("a.txt", `short\n${"é".repeat(2 ** 20)}\nlast\n`);
    expect(await textOf({ path: "a.txt" })).toBe(
      'short\n[lines 1 to 1 of 3; read on with {"path":"a.txt","from":2}]',
    );
    const { text, fullText } = await read({ path: "a.txt", from: 2 });
    expect(text).toMatch(/^é+\n\[cut here: /);
    expect(fullText).toMatch(
      /^é+\n\[lines 2 to 2 of 3; line 2 goes on, and can't be read to its end; read on with .*"from":3\}\]$/,
    );
    expect(await textOf({ path: "a.txt", from: 3 })).toBe("last\n[lines 3 to 3 of 3; the end]");
  });

  test("with CRLF told, and shown as the plain ends that an edit may be given in", async () => {
    put("a.txt", "one\r\ntwo\r\n");
    expect(await textOf({ path: "a.txt" })).toBe(
      "one\ntwo\n[lines 1 to 2 of 2; its lines end with CRLF, which edit_file keeps; the end]",
    );
  });
});

describe("what is no text", () => {
  test.each([
    ["binary data", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]), "binary data"],
    ["binary behind text", Buffer.from(`${"text\n".repeat(100)}\0`), "binary data"],
    ["UTF-16, little end first", Buffer.from("\ufeffhello", "utf16le"), "UTF-16"],
    ["UTF-16, big end first", Buffer.from("\ufeffhello", "utf16le").swap16(), "UTF-16"],
  ])("is told as such: %s", async (_, bytes, what) => {
    put("a", bytes);
    expect(await errorOf({ path: "a" })).toEqual({
      error: `a holds ${what} (${bytes.length} bytes), and only UTF-8 text can be read.`,
      suggestion: expect.any(String),
    });
  });

  test("in UTF-8 is shown as far as it is, and told", async () => {
    put("a.txt", Buffer.from("caf\xe9\n", "latin1"));
    expect(await textOf({ path: "a.txt" })).toBe(
      "caf�\n[lines 1 to 1 of 1; not all of it is UTF-8: � stands for what can't be read; the end]",
    );
  });
});

test("what is not there, or is a folder, is said, with what to do", async () => {
  mkdirSync(join(filesDir, "sub"));
  expect(await errorOf({ path: "a.txt" })).toMatchObject({
    error: "a.txt was not read: it is not there.",
    suggestion: expect.stringContaining("list_files"),
  });
  expect(await errorOf({ path: "sub" })).toMatchObject({ error: "sub is a folder, and no file." });
  expect(await errorOf({ path: "." })).toMatchObject({ error: ". is a folder, and no file." });
  expect(await errorOf({ path: "no/a.txt" })).toMatchObject({
    error: "no/a.txt was not read: it is not there.",
  });
});

test("a worker without a place for files says so, and is retried elsewhere first", async () => {
  await expect(readFileTool.run({ path: "a" }, contextFor())).rejects.toMatchObject({
    retryable: true,
  });
  const { text } = await readFileTool.run({ path: "a" }, contextFor({ attempt: 3 }));
  expect(JSON.parse(text)).toMatchObject({ error: "a was not read: no file can be read here." });
});
