import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  appendText,
  BLOCK_CHARS,
  piecesOf,
  plain,
} from "../../../src/gateway/page/visible-text.ts";

const shown = (text: string): string =>
  piecesOf(text)
    .map((piece) => (piece.kind === "text" ? piece.text : `[${piece.name}]`))
    .join("");

describe("text of a model", () => {
  test.each([
    ["an escape sequence", "\u001b[31mred", "[␛][31mred"],
    ["an override of direction", "safe\u202egnp.exe", "safe[U+202E]gnp.exe"],
    ["an isolate", "a\u2066b\u2069", "a[U+2066]b[U+2069]"],
    ["a space without width", "a\u200bb", "a[U+200B]b"],
    ["letters of the tag block", "a\u{e0041}b", "a[U+E0041]b"],
    ["half of a pair", "a\ud83db", "a[U+D83D]b"],
    ["a carriage return that would hide", "good\rbad", "good[␍]bad"],
    ["a null and a delete", "\0\u007f", "[␀][␡]"],
    ["a C1 control", "\u009b31m", "[U+009B]31m"],
  ])("names %s instead of obeying it", (_, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  test.each(["tab\tnew\nline\r\nend", "<img src=x onerror=alert(1)>", "naïve 北京 العربية 👩‍🚀"])(
    "leaves %j as it is",
    (text) => expect(shown(text)).toBe(text),
  );

  test("on one line is short and has no hidden characters either", () => {
    expect(plain(`a\n\n b\u202e${"x".repeat(300)}`, 10)).toBe("a bU+202Exxxx…");
  });
});

describe("blocks of a text", () => {
  const unit = fc.string({ unit: "binary", maxLength: 3000 });

  test("joined are the text, however it came, and no pair is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(unit, fc.constant("👩‍🚀".repeat(900)))), (parts) => {
        const blocks: string[] = [];
        for (const part of parts) appendText(blocks, part.toWellFormed());
        expect(blocks.join("")).toBe(parts.map((part) => part.toWellFormed()).join(""));
        expect(blocks.every((block) => block.length <= BLOCK_CHARS)).toBe(true);
        expect(blocks.every((block) => block.isWellFormed())).toBe(true);
      }),
    );
  });

  test("end at the end of a line where there is one", () => {
    const blocks: string[] = [];
    appendText(blocks, `${"a".repeat(4000)}\n${"b".repeat(4000)}`);
    expect(blocks.map((block) => block.length)).toEqual([4001, 4000]);
  });
});
