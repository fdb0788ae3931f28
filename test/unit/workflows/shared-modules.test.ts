// All runs of a worker share one copy of the workflows and of the domain, so none of it may remember
// anything: what one run left there the next would find, and a replay would not.

import { describe, expect, test } from "@jest/globals";
import { importsOf, sources } from "../../support/imports.ts";
import { stateIn } from "../../support/module-state.ts";

const files = sources();
const imports = importsOf(files).filter(({ kind }) => kind === "value");

/** The entry of the bundle, and whatever it stands on. */
function shared(): readonly string[] {
  const found = new Set(["workflows/index.ts"]);
  for (const path of found) {
    for (const { from, to } of imports)
      if (from === path && /^(workflows|src)\//.test(to)) found.add(to);
  }
  return [...found];
}

describe("a module that all runs share", () => {
  const paths = shared();

  test("is each of the workflows, and what they stand on", () => {
    expect(paths).toContain("workflows/run/ask-model.ts");
    expect(paths).toContain("src/domain/run/evolve.ts");
    expect(paths.length).toBeGreaterThan(50);
  });

  test.each(paths)("%s remembers nothing", (path) => {
    expect(stateIn(files.find((file) => file.path === path)?.text ?? "")).toEqual([]);
  });
});

describe("what remembers is found", () => {
  test.each([
    ["a variable", "let turns = 0;"],
    ["an exported one", "export let last: string | null = null;"],
    ["a map", "const seen = new Map<string, number>();"],
    ["a weak map", "const seen: ReadonlyMap<string, number> = new WeakMap();"],
    [
      "an array that grows",
      "const names: string[] = [];\nexport function f() {\n  names.push('a');\n}",
    ],
    ["a field that changes", "const last = { at: 0 };\nexport function f() {\n  last.at = 1;\n}"],
    ["a count", "const seen = { n: 0 };\nexport function f() {\n  seen.n++;\n}"],
    [
      "an entry that goes",
      'const a: Record<string, 1> = {};\nconst f = () => {\n  delete a["x"];\n};',
    ],
    ["a static field", "class A {\n  static last = 0;\n}"],
    ["a closure", "const next = counter();"],
    [
      "a function that was called",
      "const next = (() => {\n  let n = 0;\n  return () => (n += 1);\n})();",
    ],
  ])("%s", (_, text) => {
    expect(stateIn(text)).not.toEqual([]);
  });

  test.each([
    [
      "a table",
      'const WORDS = { a: "b" } as const;\nexport const f = (a: "a") => WORDS[a] === "b";',
    ],
    ["a set that is only read", 'const SEEN: ReadonlySet<string> = new Set(["a"]);'],
    ["what follows from a table", "export const NAMES = TABLE.map(({ name }) => name);"],
    [
      "a local of a function",
      "export function f() {\n  let n = 0;\n  n += 1;\n  return new Map([[n, n]]);\n}",
    ],
  ])("and what does not is not: %s", (_, text) => {
    expect(stateIn(text)).toEqual([]);
  });
});
