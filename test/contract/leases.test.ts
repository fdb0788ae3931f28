// Leases of workers in the ledger: who may take an attempt for dead; and the wishes to stop that all workers hear.

import { describe, expect, test } from "@jest/globals";
import { createLeases } from "../../src/store/leases.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { createStops } from "../../src/store/stops.ts";
import { anAccount, anAttempt, aSettlement } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { plantPauseBehindVerdicts, restoreFunctions } from "../support/plant-in-books.ts";
import { until } from "../support/processes.ts";

const LONG_MS = 60_000;

onEachDatabase((underTest) => {
  const books = () => {
    const { db } = underTest();
    return { ledger: createLedger(db), leases: createLeases(db) };
  };
  const attempt = (run: string, number: number, leaseId: string | null = `lease of ${run}`) =>
    anAttempt(run, [anAccount(`cap of ${run}`, 10_000)], { attempt: number, leaseId });
  /** The first attempt of the run holds, in a worker whose lease lasts so long. */
  const begun = async (run: string, lastsMs = LONG_MS) => {
    const { ledger, leases } = books();
    await leases.renew(`lease of ${run}`, lastsMs);
    expect(await ledger.startAttempt(attempt(run, 1))).toMatchObject({ kind: "held" });
    return books();
  };
  const heldBy = async (run: string) => (await books().ledger.totals(run)).heldMicroUsd;

  describe("while the lease of its worker lives, an attempt", () => {
    test("is alive to the next, which is told until when and changes nothing", async () => {
      const { ledger } = await begun("living");
      const alive = { kind: "alive", attempt: 1, leaseEndsInMs: expect.any(Number) };
      const resumed = await ledger.resumeCall(attempt("living", 2, "other"));
      expect(resumed).toEqual(alive);
      const { leaseEndsInMs } = resumed as { leaseEndsInMs: number };
      expect(leaseEndsInMs).toBeGreaterThan(LONG_MS / 2);
      expect(leaseEndsInMs).toBeLessThanOrEqual(LONG_MS);
      expect(await ledger.startAttempt(attempt("living", 2, "other"))).toEqual(alive);
      expect(await ledger.totals("living")).toMatchObject({ heldMicroUsd: 500, spentMicroUsd: 0 });
      expect(await ledger.settle(aSettlement("living/1/1", 7))).toMatchObject({ kind: "settled" });
      expect(await ledger.resumeCall(attempt("living", 3, "other"))).toMatchObject({
        kind: "journaled",
        crashTaxMicroUsd: 0,
        attempts: 1,
      });
    });

    test("is not in the way of another call of its run, and not lost by it", async () => {
      const { ledger } = await begun("beside");
      const next = { ...attempt("beside", 1), holdId: "beside/2/1", callKey: "beside/2" };
      expect(await ledger.startAttempt(next)).toMatchObject({ kind: "held", crashTaxMicroUsd: 0 });
      expect(await heldBy("beside")).toBe(1000);
    });

    test("gets its own hold again, when the answer was lost", async () => {
      const { ledger } = await begun("own");
      expect(await ledger.startAttempt(attempt("own", 1))).toMatchObject({ kind: "held" });
      expect(await ledger.resumeCall(attempt("own", 1))).toMatchObject({ kind: "open" });
      expect(await heldBy("own")).toBe(500);
    });

    test("is nobody's any more where its run is closed", async () => {
      const { ledger } = await begun("closed");
      expect(await ledger.closeRun("closed")).toMatchObject({
        heldMicroUsd: 0,
        fearedMicroUsd: 500,
      });
    });
  });

  describe("an attempt is dead", () => {
    const isTakenForDead = async (run: string) => {
      const { ledger } = books();
      expect(await ledger.resumeCall(attempt(run, 2, "other"))).toEqual({
        kind: "open",
        crashTaxMicroUsd: 500,
        attempts: 1,
      });
      expect(await ledger.settle(aSettlement(`${run}/1/1`, 7))).toEqual({ kind: "late" });
    };

    test("once the lease has run out, and not before", async () => {
      const { ledger } = await begun("run out", 300);
      const startedAtMs = performance.now();
      await until("it is open to the next", async () => {
        const soFar = await ledger.resumeCall(attempt("run out", 2, "other"));
        return soFar.kind === "open";
      });
      expect(performance.now() - startedAtMs).toBeGreaterThan(250);
      await isTakenForDead("run out");
    });

    test("at once where its worker has ended the lease", async () => {
      const { leases } = await begun("ended");
      await leases.end("lease of ended");
      await isTakenForDead("ended");
    });

    test("once it was found so, though its lease is renewed before that is written", async () => {
      if (underTest().name === "PGlite") return; // One session: nobody comes in between.
      const { db } = underTest();
      const { ledger, leases } = await begun("too late", 1);
      await plantPauseBehindVerdicts(db, 1);
      try {
        const next = ledger.startAttempt(attempt("too late", 2, "other"));
        await until("the booking is between its two looks", async () => {
          const rows = await db`
            select pid from pg_stat_activity where wait_event = 'PgSleep' and query like '%too late%'`;
          return rows.length > 0;
        });
        await leases.renew("lease of too late", LONG_MS);
        expect(await next).toMatchObject({ kind: "held", crashTaxMicroUsd: 500, attempts: 2 });
      } finally {
        await restoreFunctions(db);
      }
      expect(await heldBy("too late")).toBe(500);
      expect(await ledger.settle(aSettlement("too late/1/1", 7))).toEqual({ kind: "late" });
    });

    test("not where its lease had run out and was renewed in time", async () => {
      const { ledger, leases } = await begun("renewed", 1);
      await leases.renew("lease of renewed", LONG_MS);
      expect(await ledger.resumeCall(attempt("renewed", 2))).toMatchObject({ kind: "alive" });
    });
  });

  test("U2: a submission has no lease and is taken for dead by no other call", async () => {
    const { ledger } = books();
    await ledger.startAttempt({ ...attempt("in lane", 1, null), lane: "batch" });
    const next = { ...attempt("in lane", 1), holdId: "in lane/2/1", callKey: "in lane/2" };
    expect(await ledger.startAttempt(next)).toMatchObject({ kind: "held" });
    expect(await heldBy("in lane")).toBe(1000);
  });

  test("a wish to stop is heard by all for a while, with the latest moment that it is about", async () => {
    const stops = createStops(underTest().db);
    await stops.ask({ executionId: "x", scheduledUntilMs: 1_800_000_000_000 });
    await stops.ask({ executionId: "x", scheduledUntilMs: 7 });
    const wish = { executionId: "x", scheduledUntilMs: 1_800_000_000_000 };
    expect(await stops.heard(LONG_MS)).toEqual([wish]);
    expect(await stops.heard(LONG_MS)).toEqual([wish]);
    await until("it is old news", async () => (await stops.heard(20)).length === 0);
  });
});
