import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { literal } from "../../../src/store/literal.ts";

describe("a value as an SQL literal", () => {
  test.each([
    ["it's", "'it''s'"],
    ["back\\slash", " E'back\\\\slash'"],
    ["\\'", " E'\\\\'''"],
    [7, "7"],
    [-7, "(-7)"],
    [null, "null"],
    [true, "true"],
    [["a", "b'"], "array['a','b''']::text[]"],
    [[], "array[]::text[]"],
    [{ json: { a: "it's" } }, `'{"a":"it''s"}'::jsonb`],
  ] as const)("%j is %s", (value, expected) => {
    expect(literal(value)).toBe(expected);
  });

  test("no text ends the literal it stands in", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", "\\", "a", "\n", "🐾") }), (text) => {
        const written = literal(text).trim();
        const escaped = written.startsWith("E");
        const inside = written.slice(escaped ? 2 : 1, -1);
        const unescaped = escaped ? inside.replaceAll("\\\\", "") : inside;
        expect(unescaped.replaceAll("''", "")).not.toMatch(escaped ? /['\\]/ : /'/);
        expect(escaped).toBe(text.includes("\\"));
      }),
    );
  });

  test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("%d is refused", (number) => {
    expect(() => literal(number)).toThrow(/whole number/);
  });

  test("a NUL character is refused, not cut off", () => {
    expect(() => literal("a\0b")).toThrow(/U\+0000/);
  });
});
