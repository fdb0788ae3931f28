import { describe, expect, test } from "@jest/globals";
import { sessionName, tenantName } from "../../../src/domain/payer-names.ts";

function refusal(name: () => unknown): { code?: string; message?: string } {
  try {
    return { message: `taken as ${JSON.stringify(name())}` };
  } catch (error) {
    return error as { code: string; message: string };
  }
}

describe("a tenant", () => {
  test.each([
    ["acme", "acme"],
    ["Acme", "acme"],
    ["ＡＣＭＥ", "acme"],
    ["ﬁne", "fine"],
    ["a", "a"],
    ["0.a-b_c", "0.a-b_c"],
    ["\u212aelvin", "kelvin"],
  ])("%j is %s", (given, name) => {
    expect(tenantName(given)).toBe(name);
    expect(tenantName(name)).toBe(name);
  });

  test.each([
    ["a space behind it", "cap1 "],
    ["a no-break space behind it", "cap1\u00a0"],
    ["a zero-width space behind it", "cap1\u200b"],
    ["a Cyrillic letter", "\u0441ap1"],
    ["a word joiner in it", "ca\u2060p1"],
    ["a combining mark", "cap\u03011"],
    ["a dotted capital I", "\u0130ap"],
    ["a control character", "cap1\n"],
    ["a slash", "a/b"],
    ["a dot first", ".."],
    ["nothing", ""],
    ["64 characters", "a".repeat(64)],
    ["an object", { toString: () => "acme" }],
    ["a list", ["acme"]],
    ["no value", undefined],
  ])("with %s can be nobody's", (_, given) => {
    expect(refusal(() => tenantName(given)).code).toBe("UNKNOWN_TENANT");
  });

  test("that can't be seen is spelled out where it is refused", () => {
    expect(refusal(() => tenantName("\u0441ap1\u200b")).message).toContain('"<U+0441>ap1<U+200B>"');
  });
});

describe("a session", () => {
  test.each([
    ["s 1", "s 1"],
    ["Ｓ１", "S1"],
    ["e\u0301", "\u00e9"],
    ["\u00e9", "\u00e9"],
    ["Ärger über 日本", "Ärger über 日本"],
  ])("%j is %s", (given, name) => {
    expect(sessionName(given)).toBe(name);
  });

  test.each([
    ["a zero-width space", "s1\u200b"],
    ["a space at its end", "s1 "],
    ["a no-break space at its end", "s1\u00a0"],
    ["two spaces", "s  1"],
    ["a soft hyphen", "s\u00ad1"],
    ["a variation selector", "s\ufe0f1"],
    ["a Hangul filler", "s\u31641"],
    ["a blank of Braille", "s\u28001"],
    ["a tag character", "s\u{e0061}1"],
    ["a direction mark", "s\u202e1"],
    ["half a pair", "s\ud800"],
    ["a line separator", "s\u20281"],
    ["nothing", ""],
    ["65 characters", "s".repeat(65)],
    ["a number", 1],
  ])("with %s is refused", (_, given) => {
    expect(refusal(() => sessionName(given)).code).toBe("USAGE");
  });
});
