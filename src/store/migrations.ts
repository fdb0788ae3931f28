// The schema as files: numbered steps that make the tables, and the functions as they hold now.
//
// A step is never edited once it has been released: what changes is a step of its own. Functions are edited
// where they stand; all of them are applied again when one has changed.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile } from "../package-root.ts";
import { packageVersion } from "../package-version.ts";

export interface TableStep {
  readonly number: number;
  /** As its file is called: `01-money`. */
  readonly name: string;
  readonly hash: string;
  readonly sql: string;
  /** By its first line `-- concurrently`: statement by statement and in no transaction, as such indexes are made. */
  readonly isConcurrent: boolean;
}

export interface Schema {
  readonly tables: readonly TableStep[];
  readonly functions: FunctionSet;
}

export interface FunctionSet {
  readonly hash: string;
  readonly sql: string;
  /** Of the Pawl that they are from: what a newer one put there is not put back. */
  readonly version: string;
}

interface SqlFile {
  readonly name: string;
  readonly sql: string;
}

export function readSchema(): Schema {
  const functions = sqlFilesOf("functions").map(({ sql }) => sql);
  return {
    tables: sqlFilesOf("tables").map(tableStep),
    functions: functionSet(functions.join("\n")),
  };
}

export function tableStep({ name, sql }: SqlFile): TableStep {
  return {
    number: Number.parseInt(name, 10),
    name,
    hash: hashOf(sql),
    sql,
    isConcurrent: sql.startsWith("-- concurrently\n"),
  };
}

export function functionSet(sql: string, version: string = packageVersion()): FunctionSet {
  return { hash: hashOf(sql), sql, version };
}

function sqlFilesOf(kind: "tables" | "functions"): readonly SqlFile[] {
  const folder = packageFile(join("src/store/sql", kind));
  const files = readdirSync(folder).filter((file) => file.endsWith(".sql"));
  return files.toSorted().map((file) => ({
    name: file.slice(0, -".sql".length),
    sql: readFileSync(join(folder, file), "utf8"),
  }));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
