// Runs a suite over the databases that Pawl runs on, each fresh and migrated.

import { afterAll, beforeAll, describe } from "@jest/globals";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { findPostgres } from "./find-postgres.ts";
import { startPglite } from "./pglite.ts";
import type { DatabaseServer } from "./postgres.ts";
import { ownDatabase } from "./shared-servers.ts";
import { isAtLeast } from "./tier.ts";

export interface DatabaseUnderTest {
  readonly name: DatabaseName;
  readonly db: Database;
  readonly url: string;
}

type DatabaseName = "PGlite" | "PostgreSQL";

interface Starter {
  readonly name: DatabaseName;
  readonly start: () => Promise<DatabaseServer>;
  readonly describe: typeof describe.skip;
}

/** PostgreSQL is what production runs on, and fast; the other half of the contract is CI's. */
const STARTERS: readonly Starter[] = [
  ...(isAtLeast("full") ? [{ name: "PGlite", start: startPglite, describe } as const] : []),
  {
    name: "PostgreSQL",
    start: ownDatabase,
    describe: findPostgres() === undefined ? describe.skip : describe,
  },
];

/** The databases are there from the first test on: the suite is given a function to ask for them. */
export function onEachDatabase(suite: (underTest: () => DatabaseUnderTest) => void): void {
  for (const starter of STARTERS) starter.describe(`on ${starter.name}`, () => on(starter, suite));
}

function on({ name, start }: Starter, suite: (underTest: () => DatabaseUnderTest) => void): void {
  let server: DatabaseServer | undefined;
  let underTest: DatabaseUnderTest | undefined;

  beforeAll(async () => {
    server = await start();
    await migrate(server.url);
    underTest = { name, db: openDatabase(server.url), url: server.url };
  });
  afterAll(async () => {
    await underTest?.db.end();
    await server?.stop();
  });

  suite(() => {
    if (underTest === undefined) throw new Error("the database has not been started yet");
    return underTest;
  });
}
