import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { editText, isStillToDo } from "../../../src/domain/edit-text.ts";

const edited = (text: string, find: string, replace: string): unknown => {
  const found = editText(text, { find, replace });
  return found.kind === "edited" ? found.text : found;
};

describe("one place of a text is put in place of another", () => {
  test.each([
    ["in the middle", "a\nb\nc\n", "b", "x", "a\nx\nc\n"],
    ["over lines", "a\nb\nc\n", "a\nb", "x", "x\nc\n"],
    ["taken out", "a\nb\nc\n", "b\n", "", "a\nc\n"],
    ["at the beginning, behind a mark", "\ufeffa\n", "a", "b", "\ufeffb\n"],
    ["at the end", "a\nb", "b", "b\n", "a\nb\n"],
    ["all of it", "a", "a", "", ""],
    ["with what a pattern would take for more", "a$1b", "$1", "$&", "a$&b"],
  ])("%s", (_, ...[text, find, replace, expected]) => {
    expect(edited(text, find, replace)).toBe(expected);
  });

  test.each([
    ["found by plain ends", "a\r\nb\r\nc\r\n", "a\nb\n", "x\ny\n", "x\r\ny\r\nc\r\n"],
    ["found by its own", "a\r\nb\r\n", "a\r\nb", "x\r\ny", "x\r\ny\r\n"],
    ["kept where one line becomes two", "a\r\nb\r\n", "b", "x\ny", "a\r\nx\r\ny\r\n"],
    ["kept from the end of a line on", "a\r\nb\r\n", "\nb", "\nx", "a\r\nx\r\n"],
    ["of the place, where the file has both", "a\nb\r\nc\nd\n", "b\nc", "x\ny", "a\nx\r\ny\nd\n"],
    ["none where the file has none", "a\nb\n", "b", "x\ny", "a\nx\ny\n"],
    ["a CR alone is a letter", "a\rb\n", "a\rb", "x\ny", "x\ny\n"],
  ])("CRLF: %s", (_, ...[text, find, replace, expected]) => {
    expect(edited(text, find, replace)).toBe(expected);
  });

  test("of what is not there it is said where its first line is", () => {
    expect(edited("a\n  b\nc\n", "  b\nx", "y")).toEqual({ kind: "absent", near: [2] });
    expect(edited("a\n", "zzz", "y")).toEqual({ kind: "absent", near: [] });
    expect(edited("a\n", "\n\n", "y")).toEqual({ kind: "absent", near: [] });
  });

  test("of what is there more than once, in which lines, also where it overlaps", () => {
    expect(edited("x\na\nx\n", "x", "y")).toEqual({
      kind: "ambiguous",
      lines: [1, 3],
      isMore: false,
    });
    expect(edited("aaa", "aa", "y")).toEqual({ kind: "ambiguous", lines: [1, 1], isMore: false });
    const many = edited("x\n".repeat(1000), "x", "y") as { lines: number[]; isMore: boolean };
    expect([many.lines.length, many.isMore]).toEqual([20, true]);
  });

  test("nothing else of it changes, whatever the ends of its lines are", () => {
    const piece = fc.array(fc.constantFrom("a", "b", "\n", "\r\n", "\r", "語"), { maxLength: 12 });
    fc.assert(
      fc.property(piece, piece, (before, after) => {
        const [head, tail] = [before.join(""), after.join("")];
        const whole = `${head}FIND${tail}`;
        expect(edited(whole, "FIND", "PUT")).toBe(`${head}PUT${tail}`);
      }),
    );
  });
});

test("an edit that may have been made is never made again", () => {
  const insert = { find: "a\n", replace: "a\nb\n" };
  expect(isStillToDo("a\nc\n", insert)).toBe(true);
  expect(isStillToDo("a\nb\nc\n", insert)).toBe(false);
  expect(isStillToDo("a\r\nb\r\n", insert)).toBe(false);
  expect(isStillToDo("one", { find: "one", replace: "two" })).toBe(true);
  expect(isStillToDo("two", { find: "one", replace: "two" })).toBe(false);
  expect(isStillToDo("x", { find: "one", replace: "" })).toBe(false);
});
