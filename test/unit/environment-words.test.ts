// Whatever is wrong with a setting is said in words, and not in those of the schema that found it.

import { expect, test } from "@jest/globals";
import { readConfig, SETTING_NAMES } from "../../src/config.ts";

const ODD = ["lots", "-1", "1.5", "x".repeat(99), " ", "\0", "[]"];

/** Empty where nothing is wrong with it. */
function complaintAbout(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(env);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test.each(SETTING_NAMES)("what is wrong with %s is said in our words", (name) => {
  for (const value of ODD) {
    const said = complaintAbout({ [name]: value });
    expect(said).not.toMatch(/expected|received|Invalid|NaN|Too (big|small)|undefined/);
  }
});

test("a word of few is told which there are", () => {
  expect(complaintAbout({ PAWL_CACHE_TTL: "2h" })).toContain("it is one of auto, 5m, 1h");
  expect(complaintAbout({ PAWL_WRAP_UP: "yes" })).toContain("it is one of 0, 1, true, false");
});
