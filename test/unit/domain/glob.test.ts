import { describe, expect, test } from "@jest/globals";
import { compileGlob } from "../../../src/domain/glob.ts";

/** Whether the path is meant, as a walk would find out that enters folders on the way. */
function isMeant(pattern: string, path: string): boolean {
  const names = path.split("/");
  let state = compileGlob(pattern).start;
  for (const [at, name] of names.entries()) {
    const { isMatch, below } = state.step(name);
    if (at === names.length - 1) return isMatch;
    if (below === null) return false;
    state = below;
  }
  return false;
}

describe("a pattern means", () => {
  test.each([
    ["*.md", ["a.md", ".md", "a.b.md"], ["a.mdx", "sub/a.md", "a"]],
    ["**/*.md", ["a.md", "x/a.md", "x/y/z/a.md"], ["x/a.ts"]],
    ["src/**", ["src/a", "src/x/y"], ["src", "lib/a"]],
    ["src/**/test/*.ts", ["src/test/a.ts", "src/x/y/test/a.ts"], ["src/test/x/a.ts"]],
    ["**", ["a", "a/b"], []],
    ["**/**/a", ["a", "x/a", "x/y/a"], ["b"]],
    ["{src,test}/*.{ts,tsx}", ["src/a.ts", "test/a.tsx"], ["lib/a.ts", "src/a.js"]],
    ["{src/*,lib}", ["src/a", "lib"], ["src", "lib/a"]],
    ["report-[0-9]?.csv", ["report-1x.csv", "report-00.csv"], ["report-x1.csv", "report-1.csv"]],
    ["[!a-c]*", ["d", "xa"], ["a", "cx"]],
    ["[]]", ["]"], ["["]],
    ["a?c", ["abc", "a語c", "a😀c"], ["ac", "abbc"]],
    ["a(b).+^$|\\", ["a(b).+^$|\\"], ["a(b)x+^$|\\"]],
    ["*a*b*", ["ab", "xaxxbx", "aab"], ["ba", "a"]],
  ])("%s", (pattern, meant, others) => {
    for (const path of meant) expect([path, isMeant(pattern, path)]).toEqual([path, true]);
    for (const path of others) expect([path, isMeant(pattern, path)]).toEqual([path, false]);
  });

  test("no folder in which nothing can match", () => {
    const { start } = compileGlob("src/*.ts");
    expect(start.step("lib").below).toBeNull();
    expect(start.step("src").below?.step("deep").below).toBeNull();
  });
});

test("a hostile pattern takes no longer than its length times that of the name", () => {
  const pattern = `${"*a".repeat(100)}b`;
  expect(isMeant(pattern, "a".repeat(250))).toBe(false);
  expect(isMeant(`${"**/".repeat(80)}b`, `${"a/".repeat(200)}c`)).toBe(false);
  expect(() => compileGlob("{a,b}".repeat(7))).toThrow(/more than 64 patterns/);
});

test.each(["", "a//b", "../a", "a/..", "./a", "/a", "a/", "[a", "{a", "a}", "{a,{b}}"])(
  "%j is no pattern, and it is said why",
  (pattern) => {
    expect(() => compileGlob(pattern)).toThrow(/^its? /);
  },
);
