// Tests run the TypeScript sources through SWC; packages that ship ESM only are transformed too,
// because jest itself loads CommonJS. Which suites run says `PAWL_TEST_TIER`: test/tiers.json gives each
// folder the smallest tier that runs it, and a tier runs those of all before it. Without it, all run.

import { readFileSync } from "node:fs";

const TIERS = ["check", "test", "full", "nightly"];
const esmOnly = ["jose", "pkce-challenge", "uuid", "yocto-spinner", "yoctocolors"];

const { folders, files } = JSON.parse(
  readFileSync(new URL("test/tiers.json", import.meta.url), "utf8"),
);
const tier = TIERS.indexOf(process.env.PAWL_TEST_TIER ?? "full");
const isLater = ([, smallest]) => TIERS.indexOf(smallest) > tier;
const later = [...Object.entries(folders), ...Object.entries(files)].filter(isLater);

const common = {
  testEnvironment: "node",
  transform: {
    "^.+\\.[tj]s$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join("|")})/)`],
  testPathIgnorePatterns: later.map(
    ([path]) => `<rootDir>/${path.startsWith("test/") ? path : `test/${path}/`}`,
  ),
};

/** Suites of these folders; what they need is started once for all of them, and only where one of them runs. */
const project = (displayName, own, setup = {}) => ({
  ...common,
  ...setup,
  displayName,
  testMatch: own.map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
});
const servers = {
  testEnvironment: "<rootDir>/test/support/suite-environment.ts",
  globalSetup: "<rootDir>/test/support/global-setup.ts",
  globalTeardown: "<rootDir>/test/support/global-teardown.ts",
};

export default {
  projects: [
    project("unit", ["unit"]),
    project(
      "servers",
      Object.keys(folders).filter((folder) => folder !== "unit"),
      servers,
    ),
  ],
  testTimeout: 60_000,
  // More than there may be cores, since most suites wait most of the time.
  maxWorkers: 4,
};
