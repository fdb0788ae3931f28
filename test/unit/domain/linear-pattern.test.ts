import fc from "fast-check";
import { describe, expect, test } from "@jest/globals";
import { compilePattern } from "../../../src/domain/linear-pattern.ts";

const letter = fc.constantFrom(
  "a",
  "b",
  "c",
  "é",
  "😀",
  ".",
  "\\d",
  "\\w",
  "[ab]",
  "[^a-c]",
  "\\.",
  "1",
);
const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "+?");
const edge = fc.constantFrom("", "", "", "^", "$", "\\b", "\\B");

const { pattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 2 },
    letter,
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(?:${a}|${b})`),
    tie("pattern").map((inner) => `(${inner})`),
  ),
  pattern: fc
    .array(fc.tuple(edge, tie("atom"), quantifier), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.map(([at, atom, repeat]) => `${at}${atom}${repeat}`).join("")),
}));

const text = fc.string({
  unit: fc.constantFrom("a", "b", "c", "é", "😀", "1", ".", " ", "\n"),
  maxLength: 6,
});

test("Q1: it matches the texts that JavaScript's own does", () => {
  let compared = 0;
  fc.assert(
    fc.property(pattern, text, fc.boolean(), (source, subject, ignoresCase) => {
      const own = new RegExp(source, ignoresCase ? "iu" : "u");
      // What matches the empty text is refused.
      if (own.test("")) return;
      compared += 1;
      const found = compilePattern(`${ignoresCase ? "(?i)" : ""}${source}`).find(subject);
      expect({ source, subject, matches: found !== null }).toEqual({
        source,
        subject,
        matches: own.test(subject),
      });
    }),
    { numRuns: 1000 },
  );
  expect(compared).toBeGreaterThan(150);
});

describe("Q2: no expression makes a text cost more than its length allows", () => {
  test.each(["(a+)+$", "(a|a)*b", "(a*)*c", "(.*)(.*)(.*)(.*)x", "(a?){50}a{50}!"])(
    "%s",
    (source) => {
      const started = performance.now();
      expect(compilePattern(source).find("a".repeat(5000) + "?")).toBeNull();
      expect(performance.now() - started).toBeLessThan(5000);
    },
  );
});

describe("an expression that can't be taken is refused with what is wrong", () => {
  test.each([
    ["(a)\\1", /refers to a group/],
    ["\\k<x>", /refers to a group/],
    ["a(?=b)", /looks ahead or behind/],
    ["(?<!a)b", /looks ahead or behind/],
    ["(a", /leaves a group open/],
    ["a)", /never opened/],
    ["*a", /stands alone/],
    ["a**", /repeats a repetition/],
    ["a{3,2}", /can't be/],
    ["a{9999}", /can't be/],
    ["(a{900}){900}", /longer than/],
    ["[a", /escape or a class/],
    ["[z-a]", /./],
    ["\\q", /escape or a class/],
    ["a*", /matches the empty text/],
    ["", /matches the empty text/],
    ["(".repeat(60) + "a" + ")".repeat(60), /deep/],
  ])("%s", (source, why) => {
    expect(() => compilePattern(source)).toThrow(why);
  });
});

test("says where the match begins", () => {
  expect(compilePattern("b+c").find("aabbc")).toBe(2);
  expect(compilePattern("\\p{Lu}-\\d").find("ab Ä-7")).toBe(3);
  expect(compilePattern("a\\-b\\/c\\#").find("xa-b/c#")).toBe(1);
  expect(compilePattern("(?i)STRASSE").find("die Strasse")).toBe(4);
});
