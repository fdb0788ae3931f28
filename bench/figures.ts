// All that one pass of the bench has found, on one Node and one database. Kept as a file, so that passes on
// others can be shown beside it.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cloud } from "./cloud.ts";
import type { FirstCall } from "./first-call.ts";
import type { FirstToken } from "./first-token.ts";
import type { IdleStack } from "./idle-stack.ts";
import type { ManyRuns } from "./many-runs.ts";
import type { OneRun } from "./one-run.ts";
import type { ParkedRuns } from "./parked-runs.ts";

export interface Figures {
  readonly node: string;
  readonly database: string;
  readonly runsAtOnce: number;
  readonly oneRun: OneRun | null;
  readonly firstToken: FirstToken | null;
  readonly manyRuns: ManyRuns | null;
  readonly cloud: Cloud | null;
  readonly parked: ParkedRuns | null;
  readonly firstCall: FirstCall | null;
  readonly idle: IdleStack | null;
}

/** What was measured before on the same Node and database, and not again now, stays. */
export function keep(dir: string, figures: Figures): void {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `node-${figures.node.split(".")[0]}-${figures.database}.json`);
  const now = Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== null));
  writeFileSync(file, JSON.stringify({ ...figures, ...readIfThere(file), ...now }, null, 2));
}

export function kept(dir: string): readonly Figures[] {
  return readdirSync(dir)
    .filter((name) => /^node-\d+-\w+\.json$/.test(name))
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")) as Figures);
}

function readIfThere(file: string): Partial<Figures> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Figures;
  } catch {
    return {};
  }
}
