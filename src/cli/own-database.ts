// For commands that work on Pawl's tables alone: keys, tenants. They need no Temporal, and one connection.

import type { Config } from "../config.ts";
import { PawlError } from "../domain/errors.ts";
import type { Database } from "../store/database.ts";
import { stackFor, type CliContext } from "./context.ts";
import { toldWhile } from "./told-waits.ts";

/** `whatFor`: what is kept there, for whoever has set no DATABASE_URL. */
export async function withDatabase(
  context: CliContext,
  whatFor: string,
  work: (db: Database, config: Config) => Promise<void>,
): Promise<void> {
  const [{ readConfig }, { openDatabase, placeOf }, { checkSchema }] = await Promise.all([
    import("../config.ts"),
    import("../store/database.ts"),
    import("../store/schema-state.ts"),
  ]);
  const config = readConfig(context.env);
  const say = (line: string): void => void context.stderr.write(`${line}\n`);
  const stack = await stackFor(context, config, { say });
  const where = config.database.access ?? stack?.databaseUrl;
  if (!where) throw new PawlError("CONFIG", `DATABASE_URL is not set. ${whatFor} are kept there.`);
  const db = openDatabase(where, { connectionsMax: 1 });
  try {
    await toldWhile(`PostgreSQL at ${placeOf(where)}`, checkSchema(db), say);
    await work(db, config);
  } finally {
    await db.end();
  }
}
