// A suite that imports a part which is not to be had on this machine is skipped, and says why. jest loads this
// file before each suite.

import { expect } from "@jest/globals";
import { readFileSync } from "node:fs";
import { findChromium } from "./find-chromium.ts";
import { findPostgres } from "./find-postgres.ts";

interface Need {
  readonly what: string;
  readonly imported: RegExp;
  readonly find: () => string | undefined;
}

const NEEDS: readonly Need[] = [
  {
    what: "PostgreSQL 15 or newer",
    imported: /support\/(world|run-bench|postgres|shared-servers)\.ts"/,
    find: findPostgres,
  },
  { what: "Chromium", imported: /support\/browser\.ts"/, find: findChromium },
];

const { testPath = "" } = expect.getState();
const suite = readFileSync(testPath, "utf8");
const missing = NEEDS.filter(({ imported, find }) => imported.test(suite) && find() === undefined);

if (missing.length > 0) {
  const what = missing.map((need) => need.what).join(" and ");
  process.stderr.write(`skipped, needs ${what}, which this machine does not have: ${testPath}\n`);
  const { describe, it, test } = globalThis as unknown as Words;
  Object.assign(globalThis, { describe: describe.skip, it: it.skip, test: test.skip });
}

/** As jest gives them to a suite that imports them. */
type Words = Record<"describe" | "it" | "test", { readonly skip: unknown }>;
