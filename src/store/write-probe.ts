// Whether the database takes what is new. Reading says nothing of a server that was told to be read-only, or whose
// disk is full, and neither does a change of a row: there is room for that in the files as they are. A table that
// lives for one statement needs room of its own, and leaves nothing behind.

import { codeOf } from "../domain/error-code.ts";
import { isPawlError } from "../domain/errors.ts";
import type { Database } from "./database.ts";

const READ_ONLY = "25006";
const DISK_FULL = "53100";
const NO_RIGHT = "42501";

/** Throws what the database says against it. */
export async function tryWriting(db: Database): Promise<void> {
  try {
    await db`
      create temporary table pawl_write_probe on commit drop as select n from generate_series(1, 2000) as n`;
  } catch (error) {
    if (sqlStateOf(error) !== NO_RIGHT) throw error;
    await withoutTable(db);
  }
}

/** For a role that may make no temporary table: a transaction that has to reach the disk. */
async function withoutTable(db: Database): Promise<void> {
  await db`select pg_current_xact_id()`;
}

/** In a few words without addresses. */
export function whyNotWritten(error: unknown): string {
  switch (sqlStateOf(error)) {
    case READ_ONLY:
      return "it can only be read";
    case DISK_FULL:
      return "its disk is full";
    default:
      return "it does not answer";
  }
}

function sqlStateOf(error: unknown): string | null {
  return isPawlError(error) ? codeOf(error.cause) : codeOf(error);
}
