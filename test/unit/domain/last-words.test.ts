import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { CATALOGUE, isErrorCode, PawlError } from "../../../src/domain/errors.ts";
import { lastLineOf, lastWordsIn, lastWordsOf } from "../../../src/domain/last-words.ts";

test("whoever reads them hears what was said, whatever the log and Node say beside them", () => {
  const codes = Object.keys(CATALOGUE).filter(isErrorCode);
  const words = fc.string({ minLength: 1 }).filter((text) => /^[^\s({][^\n]*$/.test(text.trim()));
  fc.assert(
    fc.property(fc.constantFrom(...codes), words, (code, text) => {
      const message = text.trim();
      const printed = [
        '{"level":"warn","message":"one (CONFIG: two)"}',
        "(node:7) ExperimentalWarning: it is",
        lastLineOf({ code, message, next: CATALOGUE[code].next }),
        "",
      ];
      expect(lastWordsIn(printed.join("\n"))).toEqual({ code, message });
    }),
  );
});

test.each(["", "{}", "Error: broken\n    at here", "it ended (NO_SUCH_CODE: x)"])(
  "%j holds none",
  (printed) => expect(lastWordsIn(printed)).toBeNull(),
);

test("an error of ours ends the process with its exit code, another as a backend that is away", () => {
  expect(lastWordsOf(new PawlError("CONFIG", "no")).exitCode).toBe(2);
  expect(lastWordsOf(new PawlError("DATABASE_LOGIN", "no")).exitCode).toBe(6);
  expect(lastWordsOf(new Error("gone"))).toMatchObject({
    code: "BACKEND_UNREACHABLE",
    message: "gone",
    exitCode: 6,
  });
});
