import { describe, expect, test } from "@jest/globals";
import { repositoryFiles } from "../support/repository.ts";
import { TIERS, type Tier } from "../support/tier.ts";

const files = repositoryFiles();
const textOf = (name: string): string => files.find(({ path }) => path === name)?.text ?? "";
const map = textOf("ARCHITECTURE.md");
const guide = textOf("CONTRIBUTING.md");
const tiers = JSON.parse(textOf("test/tiers.json")) as Record<
  "folders" | "files",
  Record<string, Tier>
>;

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

interface NamedTest {
  readonly number: string;
  readonly tier: Tier;
}

/** The smallest tier that runs a suite. */
function tierOf(path: string): Tier {
  return tiers.files[path] ?? tiers.folders[path.split("/")[1] ?? ""] ?? "nightly";
}

const later = (a: Tier, b: Tier): Tier => (TIERS.indexOf(a) > TIERS.indexOf(b) ? a : b);

/** The names of tests begin with the number of what they test, or several. */
const namedTests: readonly NamedTest[] = files
  .filter(({ path }) => path.endsWith(".test.ts"))
  .flatMap(({ path, text }) =>
    [...text.matchAll(/(slowTest\(\s*)?["'`]((?:[A-Z]\d+(?:, | and )?)+): /g)].flatMap((found) => {
      const tier = found[1] === undefined ? tierOf(path) : later(tierOf(path), "full");
      return (found[2] ?? "").split(/, | and /).map((number) => ({ number, tier }));
    }),
  );

/** The smallest tier that would find out; undefined where no test would. */
function firstTested(number: string): Tier | undefined {
  return TIERS.find((tier) => namedTests.some((one) => one.number === number && one.tier === tier));
}

/** `R1–R3 M1` of the last column of the table of tiers in CONTRIBUTING.md, by the script that runs the tier. */
const promised = new Map(
  Array.from(guide.matchAll(/^\|\s*`npm (?:run )?([\w:]+)`.*\|([^|]*)\|$/gm), (row) => [
    row[1] ?? "",
    (row[2] ?? "").trim().split(/\s+/).flatMap(numbersIn),
  ]),
);

function numbersIn(item: string): readonly string[] {
  const [, letter = "", from = "", to = from] = /^([A-Z])(\d+)(?:–[A-Z](\d+))?$/.exec(item) ?? [];
  const count = Number(to) - Number(from) + 1;
  return letter === ""
    ? []
    : Array.from({ length: count }, (_, at) => `${letter}${Number(from) + at}`);
}

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
    const untested = invariants.filter(({ number }) => firstTested(number) === undefined);
    expect(untested.map(({ number, path }) => `${number} of ${path}`)).toEqual([]);
  });

  test.each([
    ["check", "check"],
    ["test", "test"],
    ["test:full", "full"],
  ] as const)("CONTRIBUTING.md says which `npm run %s` is the first to test", (script, tier) => {
    const here = invariants.filter(({ number }) => firstTested(number) === tier);
    expect(promised.get(script)?.toSorted()).toEqual(here.map(({ number }) => number).toSorted());
  });

  test("none is tested at night only", () => {
    const atNight = invariants.filter(({ number }) => firstTested(number) === "nightly");
    expect(atNight).toEqual([]);
  });
});
