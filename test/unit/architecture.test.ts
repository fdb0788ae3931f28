import { describe, expect, test } from "@jest/globals";
import { repositoryFiles } from "../support/repository.ts";

const files = repositoryFiles();
const map = files.find(({ path }) => path === "ARCHITECTURE.md")?.text ?? "";

/** Names that the text puts in backticks. */
const named = new Set(Array.from(map.matchAll(/`([^`\n]+)`/g), (found) => found[1] ?? ""));

/** Rows of the table of folders: what each owns and what it never does. */
const folderRows = new Map(
  Array.from(map.matchAll(/^\|\s*`([\w./-]+)\/`\s*\| (.*) \| (.*) \|$/gm), (found) => [
    found[1] ?? "",
    { owns: found[2] ?? "", never: found[3] ?? "" },
  ]),
);

const topLevel = [...new Set(files.map(({ path }) => path.split("/")[0] ?? ""))];
const folders = new Set(
  files.flatMap(({ path }) => (path.includes("/") ? [path.slice(0, path.lastIndexOf("/"))] : [])),
);

/** The README is written last; until it is there, the map may be ahead of the country. */
const isComplete = topLevel.includes("README.md");

describe("ARCHITECTURE.md is the map of the repository", () => {
  test("it is there", () => {
    expect(map).not.toBe("");
  });

  test.each(topLevel)("%s is on it", (name) => {
    const inside = [...folderRows.keys()].some((folder) => folder.startsWith(`${name}/`));
    expect(inside || named.has(name) || named.has(`${name}/`)).toBe(true);
  });

  test("every file it names exists", () => {
    const paths = new Set(files.map(({ path }) => path));
    const missing = [...named].filter(
      (name) =>
        /^[\w.-]+(\/[\w.-]+)*\.(ts|js|json|md|yml|example)$/.test(name) &&
        ![...paths].some((path) => path === name || path.endsWith(`/${name}`)),
    );
    expect(isComplete ? missing : []).toEqual([]);
  });

  test("every folder it describes exists", () => {
    const known = [...folders].flatMap((folder) => [folder, folder.split("/")[0]]);
    const missing = [...folderRows.keys()].filter((folder) => !known.includes(folder));
    expect(isComplete ? missing : []).toEqual([]);
  });

  test.each([...folders].filter((folder) => /^(src\/[\w-]+|workflows|activities)$/.test(folder)))(
    "it says what %s owns and what it never does",
    (folder) => {
      const row = folderRows.get(folder);
      expect(row?.owns).toMatch(/\w/);
      expect(row?.never).toMatch(/\w/);
    },
  );
});

interface Invariant {
  readonly number: string;
  readonly path: string;
}

/** `R1. The transcript only grows …` in the head of a file. */
const invariants: readonly Invariant[] = files
  .filter(({ path }) => /^(src|workflows|activities)\/.*\.(ts|sql)$/.test(path))
  .flatMap(({ path, text }) =>
    Array.from(text.matchAll(/^(?:\/\/|--)\s+([A-Z]\d+)\. /gm), (found) => ({
      number: found[1] ?? "",
      path,
    })),
  );

/** What the names of tests begin with: the number of what they test, or several. */
const tested = new Set(
  files
    .filter(({ path }) => path.endsWith(".test.ts"))
    .flatMap(({ text }) => [...text.matchAll(/["'`]((?:[A-Z]\d+(?:, | and )?)+): /g)])
    .flatMap((found) => (found[1] ?? "").split(/, | and /)),
);

describe("invariants", () => {
  test("are there", () => {
    expect(invariants.length).toBeGreaterThan(10);
  });

  test("no two files use one number", () => {
    const shared = invariants.filter(({ number, path }) =>
      invariants.some((other) => other.number === number && other.path !== path),
    );
    expect(shared.map(({ number, path }) => `${number} of ${path}`)).toEqual([]);
  });

  test("each is the name of a test that would fail without it", () => {
    const untested = invariants.filter(({ number }) => !tested.has(number));
    expect(untested.map(({ number, path }) => `${number} of ${path}`)).toEqual([]);
  });
});
