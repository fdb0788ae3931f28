// The tables of Pawl, for a client that may come before any worker has made them, or with another version.

import { PawlError } from "../domain/errors.ts";
import type { Database } from "../store/database.ts";
import { checkSchema } from "../store/schema-state.ts";

/** Looks after the tables once; after a failure it tries again with the next question. */
export function tablesIn(db: Database | null, whatFor: string): () => Promise<Database> {
  let ready: Promise<Database> | undefined;
  const open = async (): Promise<Database> => {
    if (db === null) throw new PawlError("CONFIG", `DATABASE_URL is not set: ${whatFor}.`);
    await checkSchema(db);
    return db;
  };
  return async () => {
    ready ??= open();
    try {
      return await ready;
    } catch (error) {
      ready = undefined;
      throw error;
    }
  };
}
