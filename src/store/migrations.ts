// The schema as numbered steps. A step that has been released is never edited: add the next one.

import { readFileSync } from "node:fs";
import { packageFile } from "../package-root.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

const NAMES = [
  "1-ledger",
  "2-transcripts",
  "3-views",
  "4-api-keys",
  "5-run-records",
  "6-budgets",
  "7-cost-alerts",
  "8-gates",
  "9-batch-lane",
  "10-buckets",
  "11-batches",
] as const;

export function readMigrations(): readonly Migration[] {
  return NAMES.map((name, index) => ({
    number: index + 1,
    name,
    sql: readFileSync(packageFile(`src/store/migrations/${name}.sql`), "utf8"),
  }));
}
