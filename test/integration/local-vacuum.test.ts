// The embedded Postgres sweeps what is written again and again, as autovacuum would.

import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { startPglite } from "../support/pglite.ts";
import type { DatabaseServer } from "../support/postgres.ts";
import { until } from "../support/processes.ts";

jest.setTimeout(120_000);

let server: DatabaseServer;
let db: Database;
beforeEach(async () => {
  server = await startPglite(["--vacuum-every-ms", "100"]);
  db = openDatabase(server.url);
});
afterEach(async () => {
  await db.end();
  await server.stop();
});

async function vacuumed(): Promise<Readonly<Record<string, number>>> {
  const rows = await db<{ name: string; times: number }>`
    select relname as name, vacuum_count::int as times from pg_stat_user_tables`;
  return Object.fromEntries(rows.map(({ name, times }) => [name, times]));
}

test("a table that is updated all the time is vacuumed while clients work, and one at rest is not", async () => {
  await db.script(`
    create table busy (id int primary key, n int not null); insert into busy values (1, 0);
    create table quiet (id int primary key); insert into quiet values (1)`);
  const swept = until("busy was vacuumed twice", async () => {
    await db`update busy set n = n + 1`;
    return ((await vacuumed())["busy"] ?? 0) >= 2;
  });
  await swept;
  expect((await vacuumed())["quiet"]).toBe(0);
  const [row] = await db<{ n: number }>`select n from busy`;
  expect(row?.n).toBeGreaterThan(50);
});
