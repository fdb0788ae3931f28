import { expect, test } from "@jest/globals";
import { present } from "../../../src/domain/present.ts";

test("what was not given is not there, and all else is, null and false included", () => {
  const given = present({ a: undefined, b: null, c: false, d: 0, e: "" });
  expect(Object.keys(given)).toEqual(["b", "c", "d", "e"]);
  expect(given).toEqual({ b: null, c: false, d: 0, e: "" });
});
