// What the ledger does when a run ends, and when an attempt is past its time.

import { beforeEach, describe, expect, test } from "@jest/globals";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAccount, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { clearMoney } from "../support/ledger-rules.ts";

onEachDatabase((underTest) => {
  const ledger = (): Ledger => createLedger(underTest().db);
  beforeEach(() => clearMoney(underTest().db));

  describe("the end of a run", () => {
    test("fears for what is open, sums up, and forgets the journal", async () => {
      const accounts = [anAccount("close/run", 10_000)];
      await ledger().startAttempt(anAttempt("close", accounts));
      await ledger().startAttempt(anAttempt("close", accounts, { attempt: 2 }));
      await ledger().settle(aSettlement("close/1/2", 40));
      await ledger().startAttempt(anAttempt("close", accounts, { turn: 2 }));
      const totals = {
        spentMicroUsd: 40,
        fearedMicroUsd: 1000,
        crashTaxMicroUsd: 1000,
        heldMicroUsd: 0,
        modelAttempts: 3,
        repliesSettled: 1,
      };
      expect(await ledger().closeRun("close")).toEqual(totals);
      expect(await ledger().closeRun("close")).toEqual(totals);
      expect(await underTest().db`select 1 from pawl.reply where run_id = ${"close"}`).toEqual([]);
    });

    test("sweeps holds that are past their time, and no others", async () => {
      const accounts = [anAccount("sweep/day", 10_000)];
      await ledger().startAttempt(anAttempt("sweep-dead", accounts, { deadAfterMs: 0 }));
      await ledger().startAttempt(anAttempt("sweep-live", accounts));
      expect(await ledger().sweep()).toBe(1);
      expect(await ledger().sweep()).toBe(0);
      expect(await ledger().account("sweep/day")).toMatchObject({
        fearedMicroUsd: 500,
        heldMicroUsd: 500,
      });
    });

    test("knows nothing of accounts and runs that never spent", async () => {
      expect(await ledger().account("unknown")).toBeNull();
      expect(await ledger().totals("unknown")).toMatchObject({
        spentMicroUsd: 0,
        modelAttempts: 0,
      });
    });
  });
});
