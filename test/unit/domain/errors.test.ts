import { describe, expect, test } from "@jest/globals";
import {
  CATALOGUE,
  FINAL_CODES,
  isErrorCode,
  isPawlError,
  PawlError,
} from "../../../src/domain/errors.ts";

describe.each(Object.entries(CATALOGUE))("%s", (code, entry) => {
  test("says what happens next and how the CLI and HTTP show it", () => {
    expect(code).toMatch(/^[A-Z_]+$/);
    expect(entry.next).not.toBe("");
    expect([1, 2, 3, 6]).toContain(entry.exitCode);
    expect(entry.httpStatus).toBeGreaterThanOrEqual(400);
    expect(entry.httpStatus).toBeLessThan(600);
  });

  test("is final unless a retry can help", () => {
    expect(isErrorCode(code) && FINAL_CODES.includes(code)).toBe(entry.fate !== "retry");
  });
});

test.each([
  ["UNKNOWN_MODEL", true],
  ["unknown_model", false],
  ["toString", false],
  ["__proto__", false],
  ["", false],
])("%p is a code of the catalogue: %p", (code, known) => {
  expect(isErrorCode(code)).toBe(known);
});

describe("PawlError", () => {
  test("carries its code, its message and its cause", () => {
    const cause = new Error("ENOENT");
    const error = new PawlError("CONFIG", "no such file", { cause });
    expect(error).toMatchObject({ name: "PawlError", code: "CONFIG", message: "no such file" });
    expect(error.cause).toBe(cause);
  });

  test("is known by its name, so that one of another realm is known too", () => {
    expect(isPawlError(new PawlError("USAGE", "x"))).toBe(true);
    expect(isPawlError(Object.assign(new Error("x"), { name: "PawlError", code: "USAGE" }))).toBe(
      true,
    );
  });

  test.each<[string, unknown]>([
    ["any error", new Error("x")],
    ["an error that only has the name", Object.assign(new Error("x"), { name: "PawlError" })],
    ["an error that only has a code", Object.assign(new Error("x"), { code: "ENOENT" })],
    ["a value of the same shape", { name: "PawlError", code: "USAGE" }],
    ["nothing", undefined],
  ])("%s is none", (_, value) => {
    expect(isPawlError(value)).toBe(false);
  });
});
