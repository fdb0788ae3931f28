import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { escapedInJson, marksIn, shownLine, spelledOut } from "../../../src/domain/shown-text.ts";

describe("text that is read", () => {
  test.each([
    ["an escape sequence", "\u001b[31mred", "⟦U+001B⟧[31mred"],
    ["an override of direction", "safe\u202egnp.exe", "safe⟦U+202E⟧gnp.exe"],
    ["an isolate", "a\u2066b\u2069", "a⟦U+2066⟧b⟦U+2069⟧"],
    ["a space without width", "a\u200bb", "a⟦U+200B⟧b"],
    ["letters of the tag block", "a\u{e0041}b", "a⟦U+E0041⟧b"],
    ["selectors that carry bytes", "a\u{e0100}\u{e0101}", "a⟦U+E0100⟧⟦U+E0101⟧"],
    ["half of a pair", "a\ud83db", "a⟦U+D83D⟧b"],
    ["a carriage return that would hide", "good\rbad", "good⟦U+000D⟧bad"],
    ["a null and a delete", "\0\u007f", "⟦U+0000⟧⟦U+007F⟧"],
    ["a C1 sequence with its words", "\u009brm;-rf\u009c", "⟦U+009B⟧rm;-rf⟦U+009C⟧"],
    ["a soft hyphen and a filler", "pass\u00adword\u3164", "pass⟦U+00AD⟧word⟦U+3164⟧"],
    ["a mark that is not ours", "a⟦U+202E⟧b", "a⟦U+27E6⟧U+202E⟧b"],
    ["the same a thousand times", "a\u200b\u200b\u200bb", "a⟦U+200B ×3⟧b"],
  ])("names %s instead of obeying it", (_, text, expected) => {
    expect(spelledOut(text)).toBe(expected);
  });

  test.each(["tab\tnew\nline\r\nend", "<img src=x onerror=alert(1)>", "naïve 北京 العربية 👩‍🚀"])(
    "leaves %j as it is",
    (text) => expect(spelledOut(text)).toBe(text),
  );

  test("on one line is short and has no hidden characters either", () => {
    expect(shownLine(`a\n\n b\u202e${"x".repeat(300)}`, 14)).toBe("a b⟦U+202E⟧xx…");
    expect(shownLine("x😀y", 3).isWellFormed()).toBe(true);
    expect(shownLine("\u2029a\u00a0b ")).toBe("⟦U+2029⟧a b");
  });
});

describe("text that is decided on", () => {
  test.each([
    ["joiners and selectors", "a\u200cb\u200d❤\ufe0f", "a⟦U+200C⟧b⟦U+200D⟧❤⟦U+FE0F⟧"],
    ["spaces that are none", "rm\u00a0-rf\u3000/\u2800", "rm⟦U+00A0⟧-rf⟦U+3000⟧/⟦U+2800⟧"],
    ["ends of lines that are none", "a\r\nb\u2028c\u0085", "a⟦U+000D⟧\nb⟦U+2028⟧c⟦U+0085⟧"],
    ["letters of nobody", "\ue000\u0378\u{10ffff}", "⟦U+E000⟧⟦U+0378⟧⟦U+10FFFF⟧"],
    ["marks on nothing", "\u0301a \u0301", "⟦U+0301⟧a ⟦U+0301⟧"],
    ["marks in heaps", `a${"\u0301".repeat(7)}`, `a${"\u0301".repeat(4)}⟦U+0301 ×3⟧`],
    ["a tab, and its picture", "a\tb⇥", "a⇥\tb⟦U+21E5⟧"],
  ])("names %s", (_, text, expected) => {
    expect(spelledOut(text, "deciding")).toBe(expected);
  });

  test("is left as it is where it hides nothing: accents, scripts, emoji", () => {
    const text = "naïve e\u0301 北京 العربية हिन्दी 🚀 — “x” <b>";
    expect(spelledOut(text, "deciding")).toBe(text);
  });

  test("is the same character where it is spelled inside of JSON", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = escapedInJson(JSON.stringify({ text }, null, 2));
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).toBe(spelledOut(json, "deciding"));
      }),
    );
  });
});

test("marks are found again in what was spelled out, and nothing else is taken for one", () => {
  expect(marksIn(spelledOut("a\u202e⟦x⟧"))).toEqual([
    { kind: "text", text: "a" },
    { kind: "hidden", name: "U+202E" },
    { kind: "hidden", name: "U+27E6" },
    { kind: "text", text: "x⟧" },
  ]);
});
