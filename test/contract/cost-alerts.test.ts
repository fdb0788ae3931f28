// Who spends more than three times a day's average of the week before is told of once.

import { expect, test } from "@jest/globals";
import { takeCostAlerts } from "../../src/store/cost-alerts.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { aSettlement, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

onEachDatabase((underTest) => {
  let spends = 0;

  async function spend(tenant: string, day: string, microUsd: number): Promise<void> {
    const ledger = createLedger(underTest().db);
    const run = `alert-${(spends += 1)}`;
    await ledger.startAttempt(anAttempt(run, [], { tenant, day }));
    await ledger.settle(aSettlement(`${run}/1/1`, microUsd));
  }
  const look = (day: string) => takeCostAlerts(underTest().db, new Date(`${day}T12:00:00Z`));

  test("more than three times the average of the days since the tenant's first", async () => {
    await spend("a/b", "2026-03-08", 100);
    await spend("a/b", "2026-03-10", 200);
    // Two days of spending in three: 100 a day.
    await spend("a/b", "2026-03-11", 300);
    expect(await look("2026-03-11")).toEqual([]);
    await spend("a/b", "2026-03-11", 1);
    expect(await look("2026-03-11")).toEqual([
      { tenant: "a/b", spentMicroUsd: 301, averageMicroUsd: 100 },
    ]);
  });

  test("is told once a day, though more is spent and others look at once", async () => {
    await spend("many", "2026-04-01", 10);
    await spend("many", "2026-04-02", 100);
    const looks = await Promise.all([1, 2, 3, 4].map(() => look("2026-04-02")));
    expect(looks.flat()).toHaveLength(1);
    await spend("many", "2026-04-02", 100);
    expect(await look("2026-04-02")).toEqual([]);
    await spend("many", "2026-04-03", 1000);
    expect(await look("2026-04-03")).toMatchObject([{ tenant: "many", averageMicroUsd: 105 }]);
  });

  test("a week without spending counts for nothing, and a first day has no average", async () => {
    await spend("late", "2026-05-01", 1);
    await spend("late", "2026-05-09", 1000);
    await spend("new", "2026-05-09", 1000);
    expect(await look("2026-05-09")).toEqual([]);
  });
});
