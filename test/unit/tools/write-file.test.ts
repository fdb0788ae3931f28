import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { writeFileTool } from "../../../activities/tools/write-file.ts";
import { contextFor } from "./support.ts";

let outside: string;
let filesDir: string;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "pawl-write-"));
  filesDir = join(outside, "files");
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

const write = async (
  path: unknown,
  content = "hello",
  context = contextFor({ ...LAST, filesDir }),
) => await writeFileTool.run({ path, content }, context);

/** No attempt comes after it. */
const LAST = { attempt: 3 };

/** Everything below the folder, by its path. */
const tree = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" }).toSorted();

describe("a file is written", () => {
  test.each(["notes.txt", "a/b/c.md", "./notes.txt", "ünïcode.txt", "with space.txt", ".hidden"])(
    "under the path %j, and nothing else is left",
    async (path) => {
      const { text, isError } = await write(path);
      expect(isError).toBe(false);
      expect(JSON.parse(text)).toEqual({ path: path.replace(/^\.\//, ""), bytes: 5 });
      expect(readFileSync(join(filesDir, path), "utf8")).toBe("hello");
      expect(tree(filesDir).filter((name) => name.endsWith(".part"))).toEqual([]);
    },
  );

  test("again with the same result, and over what was there", async () => {
    const first = await write("a.txt", "one");
    expect(await write("a.txt", "one")).toEqual(first);
    await write("a.txt", "two");
    expect(readFileSync(join(filesDir, "a.txt"), "utf8")).toBe("two");
    expect(tree(filesDir)).toEqual(["a.txt"]);
  });

  test("with each character as it came, and not at all where one is none", async () => {
    const odd = "a\u202e\u0000\u{e0041}\r\n\ufeff";
    await write("a.txt", odd);
    expect(readFileSync(join(filesDir, "a.txt"), "utf8")).toBe(odd);
    expect(await write("b.txt", "half \ud800")).toMatchObject({ isError: true });
    expect(tree(filesDir)).toEqual(["a.txt"]);
  });

  test("by many at once, each time whole", async () => {
    const texts = Array.from({ length: 20 }, (_, n) => String(n).repeat(10_000));
    await Promise.all(texts.map((text) => write("a.txt", text)));
    expect(texts).toContain(readFileSync(join(filesDir, "a.txt"), "utf8"));
    expect(tree(filesDir)).toEqual(["a.txt"]);
  });

  test("in place of a second name of a file, which keeps what it had", async () => {
    mkdirSync(filesDir);
    writeFileSync(join(outside, "secret"), "keep");
    linkSync(join(outside, "secret"), join(filesDir, "a.txt"));
    await write("a.txt");
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("keep");
    expect(readFileSync(join(filesDir, "a.txt"), "utf8")).toBe("hello");
  });
});

describe("nothing is written outside the folder", () => {
  const ODD = [
    ...[
      "",
      ".",
      "..",
      "../a",
      "a/../../b",
      "a/..",
      "a/./b",
      "/unsafe/secrets.txt",
      "//unsafe/a",
      "a//b",
      "a/",
    ],
    ...["..\\a", "a\\b", "C:\\a", "C:a", "a:stream", "\\\\host\\share", "~/../a", " a", "a ", "a."],
    ...["a\0b", "a\nb", "a\tb", "\u202ea", "a\u200bb", "\ud800", "../../../../proc/self/root/a"],
    ...[
      "/proc/self/root/tmp/unsafe-a",
      "./../a",
      "././a",
      ".. /a",
      "a/.. /b",
      "...",
      "a/b/../../../c",
    ],
    ...["x".repeat(201), "x/".repeat(9) + "x", "é".repeat(150), "x".repeat(600)],
  ];

  test.each(ODD)("by the path %j", async (path) => {
    const before = tree(outside);
    const { isError, text } = await write(path);
    expect(isError).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ suggestion: expect.any(String) });
    expect(tree(outside)).toEqual(before);
  });

  test.each([
    ["%2e%2e/a", "%2e%2e/a"],
    ["．．/a", "．．/a"],
    ["~/a", "~/a"],
    ["$HOME/a", "$HOME/a"],
  ])("by the name %j, which means nothing to us", async (path, name) => {
    expect(await write(path)).toMatchObject({ isError: false });
    expect(existsSync(join(filesDir, name))).toBe(true);
    expect(tree(outside).filter((found) => !found.startsWith("files"))).toEqual([]);
  });

  test.each([
    ["a link to a file", "a.txt", "a.txt"],
    ["a link to a folder", "dir", "dir/a.txt"],
    ["a link in the middle", "x/dir", "x/dir/a.txt"],
  ])("through %s", async (_, link, path) => {
    const target = join(outside, "target");
    mkdirSync(join(filesDir, "x"), { recursive: true });
    if (link === "a.txt") writeFileSync(target, "keep");
    else mkdirSync(target);
    symlinkSync(target, join(filesDir, link));
    expect((await write(path)).isError).toBe(true);
    if (link === "a.txt") expect(readFileSync(target, "utf8")).toBe("keep");
    else expect(tree(target)).toEqual([]);
  });

  test("through the folder itself, where it is a link", async () => {
    mkdirSync(join(outside, "target"));
    symlinkSync(join(outside, "target"), filesDir);
    expect((await write("a.txt")).isError).toBe(true);
    expect(tree(join(outside, "target"))).toEqual([]);
  });

  test("while a folder on the way is swapped for a link, over and over", async () => {
    const target = join(outside, "target");
    const dir = join(filesDir, "dir");
    mkdirSync(target);
    mkdirSync(filesDir);
    let isLink = false;
    const swap = (): void => {
      try {
        rmSync(dir, { recursive: true, force: true });
        if (isLink) mkdirSync(dir);
        else symlinkSync(target, dir);
        isLink = !isLink;
      } catch {
        // The tool was there first; the next swap will do.
      }
    };
    for (let round = 0; round < 300; round += 1) {
      const state = { isWriting: true };
      const writing = write("dir/a.txt").finally(() => (state.isWriting = false));
      while (state.isWriting) {
        swap();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writing;
    }
    expect(tree(target)).toEqual([]);
  }, 60_000);
});

describe("a file is refused", () => {
  test("where a folder has its name", async () => {
    mkdirSync(join(filesDir, "a.txt"), { recursive: true });
    expect((await write("a.txt")).isError).toBe(true);
  });

  test("where it is larger than 1 MiB, counted in bytes", async () => {
    expect((await write("a.txt", "é".repeat(600_000))).isError).toBe(true);
    expect(existsSync(join(filesDir, "a.txt"))).toBe(false);
    expect((await write("a.txt", "x".repeat(1024 * 1024))).isError).toBe(false);
  });

  test("where the folder can't be written to, with nothing left behind", async () => {
    mkdirSync(filesDir);
    chmodSync(filesDir, 0o500);
    const { isError } = await write("a.txt");
    chmodSync(filesDir, 0o700);
    // The administrator may write anywhere.
    if (process.getuid?.() !== 0) expect(isError).toBe(true);
    expect(tree(filesDir).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("through which no place of this host is told, and the operator is told it", async () => {
    writeFileSync(join(outside, "file"), "");
    const told: unknown[] = [];
    const onFileTrouble = (error: unknown): void => void told.push(error);
    for (const root of [join(outside, "file", "files"), join(outside, "file")]) {
      const { text, isError } = await write(
        "may/a.txt",
        "hello",
        contextFor({ ...LAST, filesDir: root, onFileTrouble }),
      );
      expect(isError).toBe(true);
      expect(JSON.parse(text)).toEqual({
        error: expect.stringMatching(/^may\/a\.txt was not written: .*(folder|in its place)\.$/),
        suggestion: "Give the text in your answer instead, and say that no file was written.",
      });
      expect(text).not.toContain(outside);
    }
    expect(told).toHaveLength(2);
    for (const error of told)
      expect(error).toMatchObject({ path: expect.stringContaining(outside) });
  });

  test("by a worker that has no place for files: another one may have, and at last the model is told", async () => {
    const first = write("a.txt", "hello", contextFor());
    await expect(first).rejects.toMatchObject({ retryable: true });
    const { text, isError } = await write("a.txt", "hello", contextFor(LAST));
    expect(isError).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      error: "a.txt was not written: no file can be written here.",
    });
  });
});
