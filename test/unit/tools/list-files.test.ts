import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { listFilesTool } from "../../../activities/tools/list-files.ts";
import { openRoots } from "../../../src/files/open-roots.ts";
import { contextFor } from "./support.ts";

let filesDir: string;
beforeEach(() => {
  filesDir = mkdtempSync(join(tmpdir(), "pawl-list-"));
});
afterEach(() => rmSync(filesDir, { recursive: true, force: true }));

function put(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(filesDir, name)), { recursive: true });
    writeFileSync(join(filesDir, name), "12345");
  }
}
const list = async (input: object = {}): Promise<string> =>
  (await listFilesTool.run(input, contextFor({ attempt: 3, filesDir }))).text;

describe("a folder is listed", () => {
  test("one step deep, sorted, with sizes, folders, links and what is no file", async () => {
    put("b.txt", "a.txt", "sub/c.txt", ".hidden");
    symlinkSync("/", join(filesDir, "link"));
    execFileSync("mkfifo", [join(filesDir, "pipe")]);
    const lines = [
      ".hidden (5 bytes)",
      "a.txt (5 bytes)",
      "b.txt (5 bytes)",
      "link (link, not followed)",
      "pipe (special file)",
      "sub/",
    ];
    expect(await list()).toBe(lines.join("\n"));
    expect(await list({ path: "sub" })).toBe("c.txt (5 bytes)");
    expect(await list({ path: "sub/" })).toBe("c.txt (5 bytes)");
  });

  test("by a pattern at any depth, and no link is entered", async () => {
    put("a.md", "src/b.md", "src/deep/c.md", "src/deep/d.ts");
    symlinkSync(".", join(filesDir, "src", "again"));
    expect(await list({ glob: "**/*.md" })).toBe(
      "a.md (5 bytes)\nsrc/b.md (5 bytes)\nsrc/deep/c.md (5 bytes)",
    );
    expect(await list({ path: "src", glob: "*/*.{ts,tsx}" })).toBe("deep/d.ts (5 bytes)");
    expect(await list({ glob: "**/again" })).toBe("src/again (link, not followed)");
    expect(await list({ glob: "**/again/*" })).toBe("[nothing found]");
  });

  test("as empty, where nobody has written yet", async () => {
    expect(await list()).toBe("[nothing found]");
    rmSync(filesDir, { recursive: true });
    expect(await list()).toBe("[nothing found]");
  });

  test("up to a thousand lines, and it is said how many there are", async () => {
    put(...Array.from({ length: 1200 }, (_, at) => `f${String(at).padStart(4, "0")}`));
    const lines = (await list()).split("\n");
    expect(lines).toHaveLength(1001);
    expect(lines[999]).toBe("f0999 (5 bytes)");
    expect(lines[1000]).toBe("[1000 of 1200 shown: name a folder or a narrower glob]");
  });

  test("without drafts and locks, and with names that can't be told counted", async () => {
    put("a.txt", ".0123456789abcdef.part", ".0123456789abcdef.lock", "odd\nname", "\u202eodd");
    expect(await list()).toBe(
      "a.txt (5 bytes)\n[2 with odd characters in their names are left out]",
    );
  });

  test("as deep as it goes, which is said where it ends", async () => {
    put(`${"d/".repeat(40)}a.txt`, "b.txt");
    const text = await list({ glob: "**/*.txt" });
    expect(text).toMatch(/^b\.txt \(5 bytes\)\n\[not everything was looked at, but \d+ entries\]$/);
  });
});

test("a folder that is not there, a file, and a pattern that is none are errors in words", async () => {
  put("a.txt");
  expect(JSON.parse(await list({ path: "sub" }))).toMatchObject({
    error: "sub was not listed: it is not there.",
  });
  expect(JSON.parse(await list({ path: "a.txt" }))).toMatchObject({ error: "a.txt is no folder." });
  for (const glob of ["../*", "a//b", "[a", "{a", "{a,{b,c}}", "/etc/*", "{a,b}".repeat(9)]) {
    const { error, suggestion } = JSON.parse(await list({ glob })) as Record<string, unknown>;
    expect(error).toMatch(/^The glob .* can't be used: /);
    expect(suggestion).toMatch(/\*\*/);
  }
});

test("what is Pawl's own below a root is named, and not entered", async () => {
  put("state/secret", "a.txt");
  const fileRoots = await openRoots(
    [{ path: filesDir, isWritable: false }],
    [join(filesDir, "state")],
  );
  const { text } = await listFilesTool.run(
    { path: filesDir, glob: "**" },
    contextFor({ fileRoots }),
  );
  expect(text).toBe("a.txt (5 bytes)\nstate/\n[not everything was looked at, but 2 entries]");
});
