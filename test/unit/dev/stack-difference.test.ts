// F1: who starts a run on a stack with other settings is told who will answer it, and never the values.

import { expect, test } from "@jest/globals";
import { readConfig } from "../../../src/config.ts";
import { differenceText } from "../../../src/dev/stack-difference.ts";

const KEY = { ANTHROPIC_API_KEY: "sk-hunter2" };
const told = (offline: boolean, env: NodeJS.ProcessEnv): string =>
  differenceText({ offline }, readConfig(env), { changed: Object.keys(env), why: "a run is open" });

test.each<[string, boolean, NodeJS.ProcessEnv, RegExp]>([
  ["a key where the offline model answers", true, KEY, /so the offline model answers, and not the/],
  ["no key where the real one answers", false, {}, /so the real model answers, for real money/],
  [
    "the offline model by name where the real one answers",
    false,
    { ...KEY, PAWL_OFFLINE_MODEL: "1" },
    /so the real model answers, for real money/,
  ],
])("of %s it is said who answers", (_, offline, env, who) => {
  expect(told(offline, env)).toMatch(who);
  expect(told(offline, env)).toMatch(/to take them: pawl restart$/);
  expect(told(offline, env)).not.toContain("hunter2");
});

test.each([
  [true, { PAWL_RUN_CAP_USD: "2" }],
  [false, KEY],
])("nothing is said of who answers where it is whom one expects", (offline, env) => {
  expect(told(offline, env)).not.toMatch(/answers/);
});
