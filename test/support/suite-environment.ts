// The world of a suite, as jest makes it for Node. A suite that imports a part which is not to be had on this
// machine is skipped, and says why.

import { readFileSync } from "node:fs";
import { TestEnvironment } from "jest-environment-node";
import { findChromium } from "./find-chromium.ts";
import { findLlama } from "./find-llama.ts";
import { findPostgres } from "./find-postgres.ts";
import { findOnPath, findServerSource } from "./find-temporal-server.ts";

interface Need {
  readonly what: string;
  readonly imported: RegExp;
  readonly find: () => string | undefined;
}

const NEEDS: readonly Need[] = [
  {
    what: "PostgreSQL 15 or newer",
    imported: /support\/(world|run-bench|postgres|real-stack|shared-servers|own-model-world)\.ts"/,
    find: findPostgres,
  },
  { what: "Chromium", imported: /support\/browser\.ts"/, find: findChromium },
  {
    what: "Go, to build Temporal's server",
    imported: /support\/(real-stack|temporal-server)\.ts"/,
    find: findServerSource,
  },
  {
    what: "Python, CMake and a C++ compiler, to build llama.cpp's server",
    imported: /support\/model-servers\.ts"/,
    find: findLlama,
  },
  { what: "psql", imported: /support\/real-stack\.ts"/, find: () => findOnPath("psql") },
];

/** A test, or what `describe` groups, as jest-circus keeps it. */
interface Entry {
  mode?: "skip" | "only" | "todo" | null | undefined;
  readonly children?: readonly Entry[];
}

export default class SuiteEnvironment extends TestEnvironment {
  private readonly missing: readonly Need[];
  private readonly path: string;

  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    super(...given);
    this.path = given[1].testPath;
    const suite = readFileSync(this.path, "utf8");
    this.missing = NEEDS.filter(({ imported, find }) => imported.test(suite) && !find());
  }

  /** jest calls it; nothing is skipped before all tests are known. */
  handleTestEvent({ name }: { name: string }, state: { rootDescribeBlock: Entry }): void {
    if (name !== "run_start" || this.missing.length === 0) return;
    const what = this.missing.map((need) => need.what).join(" and ");
    process.stderr.write(`skipped, as this machine has no ${what}: ${this.path}\n`);
    skip(state.rootDescribeBlock);
  }
}

function skip(entry: Entry): void {
  entry.mode = "skip";
  for (const child of entry.children ?? []) skip(child);
}
