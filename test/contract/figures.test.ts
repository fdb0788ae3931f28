// What figures read: roll-ups, never the calls themselves. Where they are not there, all is told as before.

import { expect, test } from "@jest/globals";
import type { Database } from "../../src/store/database.ts";
import { budgetsLeft, spentOf } from "../../src/store/spending.ts";
import { readCalls, readUsage, USAGE_BY } from "../../src/store/usage-report.ts";
import { putManyCalls } from "../support/many-calls.ts";
import { onEachDatabase } from "../support/each-database.ts";

const RUNS = 600;

onEachDatabase((underTest) => {
  const db = () => underTest().db;

  test("many calls were made", async () => {
    await putManyCalls(db(), { runs: RUNS, callsPerRun: 5, days: 10, tenants: 6 });
    const { total } = await readUsage(db(), { by: "day" });
    expect(total).toMatchObject({ runs: RUNS, calls: 5 * RUNS });
  });

  const whose = { tenant: "tenant-1" };
  test.each<readonly [string, (db: Database) => Promise<unknown>]>([
    ["a tenant's day and month", (from) => spentOf(from, "tenant-1")],
    [
      "what is left of budgets",
      (from) => budgetsLeft(from, [{ scope: "session", tenant: "tenant-1", session: "session-7" }]),
    ],
    ...USAGE_BY.flatMap((by) => [
      [`usage by ${by}`, (from: Database) => readUsage(from, { by })] as const,
      [
        `usage by ${by} of one tenant`,
        (from: Database) => readUsage(from, { by, ...whose }),
      ] as const,
    ]),
    ["recorded calls", (from) => readCalls(from, {})],
  ])("%s is told without a look at the calls", async (_name, ask) => {
    const known = await ask(db());
    await withoutCalls(db(), async () => {
      expect(await ask(db())).toEqual(known);
    });
  });

  test("whoever looks at the calls would fail there", async () => {
    await withoutCalls(db(), async () => {
      await expect(db()`select count(*) from pawl.call`).rejects.toThrow("does not exist");
    });
  });
});

async function withoutCalls(db: Database, work: () => Promise<void>): Promise<void> {
  await db.script("alter table pawl.call rename to hidden");
  try {
    await work();
  } finally {
    await db.script("alter table pawl.hidden rename to call");
  }
}
