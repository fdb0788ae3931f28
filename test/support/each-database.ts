// Runs a suite over both databases that Pawl runs on, each fresh and migrated.

import { afterAll, beforeAll, describe } from "@jest/globals";
import { migrate, openDatabase, type Database } from "../../src/store/database.ts";
import { startPglite } from "./pglite.ts";
import { startPostgres, type DatabaseServer } from "./postgres.ts";

export interface DatabaseUnderTest {
  readonly name: DatabaseName;
  readonly db: Database;
  readonly url: string;
}

type DatabaseName = "PGlite" | "PostgreSQL";

const STARTERS: readonly (readonly [DatabaseName, () => Promise<DatabaseServer>])[] = [
  ["PGlite", startPglite],
  ["PostgreSQL", startPostgres],
];

/** The databases are there from the first test on: the suite is given a function to ask for them. */
export function onEachDatabase(suite: (underTest: () => DatabaseUnderTest) => void): void {
  describe.each(STARTERS)("on %s", (name, start) => {
    let server: DatabaseServer | undefined;
    let underTest: DatabaseUnderTest | undefined;

    beforeAll(async () => {
      server = await start();
      underTest = { name, db: openDatabase(server.url), url: server.url };
      await migrate(underTest.db);
    });
    afterAll(async () => {
      await underTest?.db.end();
      await server?.stop();
    });

    suite(() => {
      if (underTest === undefined) throw new Error("the database has not been started yet");
      return underTest;
    });
  });
}
