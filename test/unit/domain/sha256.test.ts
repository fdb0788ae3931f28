import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { sha256 } from "../../../src/domain/sha256.ts";

const byNode = (text: string): string => createHash("sha256").update(text).digest("hex");

test.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
])("the digest of %j is that of the standard", (text, digest) => {
  expect(sha256(text)).toBe(digest);
});

test("any text has the digest that Node's own gives it, at every length around a block", () => {
  for (let length = 0; length <= 200; length += 1) {
    expect(sha256("x".repeat(length))).toBe(byNode("x".repeat(length)));
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
      expect(sha256(text.toWellFormed())).toBe(byNode(text.toWellFormed()));
    }),
  );
  const large = "語x".repeat(300_000);
  expect(sha256(large)).toBe(byNode(large));
});
