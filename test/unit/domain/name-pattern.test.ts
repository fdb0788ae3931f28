import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fits, namesMeant } from "../../../src/domain/name-pattern.ts";

const KNOWN = ["calculator", "github__issues", "github__pulls", "write_file"];

describe("a pattern of names", () => {
  test("fits as a regular expression would that has .* for each *", () => {
    const letters = (more: readonly string[]) =>
      fc
        .array(fc.constantFrom("a", "b", "_", ...more), { maxLength: 12 })
        .map((all) => all.join(""));
    fc.assert(
      fc.property(letters(["*"]), letters([]), (pattern, name) => {
        expect(fits(pattern, name)).toBe(
          new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name),
        );
      }),
    );
  });

  test.each([
    [["github__*"], ["github__issues", "github__pulls"]],
    [["*"], KNOWN],
    [
      ["write_file", "*_file", "c*r"],
      ["write_file", "calculator"],
    ],
    [["unknown", "gitlab__*"], ["unknown"]],
    [[], []],
  ])("%j means %j", (list, meant) => {
    expect(namesMeant(list, KNOWN)).toEqual(meant);
  });
});
