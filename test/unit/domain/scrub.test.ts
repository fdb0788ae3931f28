import fc from "fast-check";
import { describe, expect, test } from "@jest/globals";
import { scrubbedError, scrubbing } from "../../../src/domain/scrub.ts";

const SECRET = "key-of-0/+=?canary ü";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("O1: a secret is found in every form in which it comes back", () => {
  const scrub = scrubbing([SECRET]);
  test.each<[string, string]>([
    ["as it is", `Bearer ${SECRET} was refused`],
    ["in a URL", `/x?key=${encodeURIComponent(SECRET)}&y`],
    ["in a URL, in small letters", `/x?key=${encodeURIComponent(SECRET).toLowerCase()}`],
    ["in JSON", JSON.stringify({ authorization: `Bearer ${SECRET}` })],
    ["in base64", base64(SECRET)],
    ["in base64, behind a user", base64(`user:${SECRET}`)],
    ["in base64, between other words", base64(`ab${SECRET}cde`)],
    ["in base64 for URLs", Buffer.from(`x${SECRET}y`).toString("base64url")],
    ["twice", `${SECRET}${SECRET}`],
  ])("%s", (_, text) => {
    const shown = scrub(text);
    expect(shown).toContain("********");
    expect(shown).toHaveLength(text.length);
    expect(shown.toLowerCase()).not.toContain("canary");
    expect(Buffer.from(shown, "base64").toString()).not.toContain("canary");
  });

  test("wherever it stands, whatever stands around it", () => {
    const secrets = fc.string({ minLength: 8, maxLength: 60, unit: "grapheme" });
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (secret, before, after) => {
        const hide = scrubbing([secret]);
        expect(hide(before + secret + after)).not.toContain(secret);
        const shown = hide(base64(before + secret + after));
        const decoded = Buffer.from(shown, "base64").toString();
        expect(decoded.includes(secret) && !(before + after).includes(secret)).toBe(false);
      }),
    );
  });
});

test("what is short is no secret: it would hide innocent words", () => {
  expect(scrubbing(["offline", "", "pawl"])("the offline model of pawl")).toBe(
    "the offline model of pawl",
  );
});

test("of two secrets of which one is a part of the other, all is hidden", () => {
  const text = scrubbing(["abcdefgh", "abcdefghijkl"])("abcdefghijkl");
  expect(text).toBe("*".repeat(12));
});

test("an error, its trace and its causes stay what they are, without the secret", () => {
  class Odd extends Error {}
  const error = new Odd(`bad ${SECRET}`, { cause: new TypeError(`inner ${SECRET}`) });
  const shown = scrubbedError(error, scrubbing([SECRET]));
  expect(shown).toBe(error);
  expect(`${shown.message}${shown.stack}${String(shown.cause)}`).not.toContain("canary");
});

test("what is thrown may be anything", () => {
  const scrub = scrubbing([SECRET]);
  const circle: { cause?: unknown } = {};
  circle.cause = circle;
  for (const thrown of [null, undefined, 1, circle])
    expect(scrubbedError(thrown, scrub)).toBe(thrown);
});
