// What the operator sets holds from the next call on, and only there.

import { describe, expect, test } from "@jest/globals";
import { budgetKeysOf, type BudgetName } from "../../src/domain/budget.ts";
import { createBudgets, type Budgets } from "../../src/store/budgets.ts";
import { createLedger, type Account, type AttemptStart } from "../../src/store/ledger.ts";
import { aSettlement, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

const RESET = "2026-11-22T00:00:00.000Z";

function dayOf(tenant: string, capMicroUsd: number | null): Account {
  return {
    key: `tenant/${tenant}/2026-11-21`,
    limit: "tenant_day",
    capMicroUsd,
    resetsAt: RESET,
    budgets: budgetKeysOf("tenant_day", { tenant, session: "s" }),
  };
}

const everyTenant: BudgetName = { scope: "tenant_day" };

onEachDatabase((underTest) => {
  const budgets = (): Budgets => createBudgets(underTest().db);
  /** Asks for 110 to 500. */
  const ask = (account: Account, run: string): Promise<AttemptStart> =>
    createLedger(underTest().db).startAttempt(anAttempt(run, [account]));
  const stateOf = async (account: Account) => (await budgets().states([account]))[0];

  describe("B1: the nearest budget that is set is the cap", () => {
    test("a tenant's own comes before that for every tenant, and both before the worker's", async () => {
      const account = dayOf("near", 600);
      const own: BudgetName = { scope: "tenant_day", tenant: "near" };
      await budgets().set(everyTenant, 300);
      expect(await ask(account, "near-1")).toMatchObject({ heldMicroUsd: 300 });
      await budgets().set(own, 450);
      expect(await ask(account, "near-2")).toMatchObject({ heldMicroUsd: 150 });
      expect(await stateOf(account)).toEqual({
        key: account.key,
        limit: "tenant_day",
        capMicroUsd: 450,
        spentMicroUsd: 0,
        heldMicroUsd: 450,
        raisedMicroUsd: 0,
        budget: "tenant_day/near",
        resetsAt: RESET,
      });
      await budgets().unset(own);
      expect(await stateOf(account)).toMatchObject({ capMicroUsd: 300, budget: "tenant_day" });
      await budgets().unset(everyTenant);
      expect(await ask(account, "near-3")).toMatchObject({ heldMicroUsd: 150 });
      expect(await stateOf(account)).toMatchObject({ capMicroUsd: 600, budget: null });
    });

    test("one without a cap lifts that of the worker, and counts on", async () => {
      const account = dayOf("lifted", 100);
      expect(await ask(account, "lifted-1")).toMatchObject({ kind: "denied", capMicroUsd: 100 });
      await budgets().set({ scope: "tenant_day", tenant: "lifted" }, null);
      expect(await ask(account, "lifted-2")).toMatchObject({ kind: "held", replyTokens: 400 });
      expect(await stateOf(account)).toMatchObject({ capMicroUsd: null, heldMicroUsd: 500 });
    });

    test("one that is lowered below what is committed denies, and takes nothing back", async () => {
      const account = dayOf("lowered", 1000);
      expect(await ask(account, "lowered-1")).toMatchObject({ kind: "held" });
      await createLedger(underTest().db).settle(aSettlement("lowered-1/1/1", 400));
      await budgets().set({ scope: "tenant_day", tenant: "lowered" }, 300);
      expect(await ask(account, "lowered-2")).toMatchObject({
        kind: "denied",
        capMicroUsd: 300,
        leftMicroUsd: -100,
        temporary: false,
      });
    });

    test("what a caller sees before the first call of a period is what that call will find", async () => {
      const account = dayOf("early", 700);
      await budgets().set({ scope: "tenant_day", tenant: "early" }, 250);
      expect(await stateOf(account)).toMatchObject({ capMicroUsd: 250, spentMicroUsd: 0 });
      expect(await ask(account, "early-1")).toMatchObject({ heldMicroUsd: 250 });
    });

    test("the worker's own word on its cap counts, not that of who looks", async () => {
      await ask(dayOf("word", 600), "word-1");
      expect(await stateOf(dayOf("word", 9000))).toMatchObject({ capMicroUsd: 600 });
    });

    test("two tenants whose names hold slashes don't share a budget", async () => {
      await budgets().set({ scope: "session", tenant: "a/b", session: "c" }, 1);
      const keys = budgetKeysOf("session", { tenant: "a", session: "b/c" });
      const account: Account = { ...dayOf("slash", 600), limit: "session", budgets: keys };
      expect(await ask(account, "slash-1")).toMatchObject({ heldMicroUsd: 500 });
    });
  });

  describe("B2: a raise", () => {
    test("adds to the cap of its period, once for each id", async () => {
      const account = dayOf("raised", 200);
      expect(await ask(account, "raised-1")).toMatchObject({ heldMicroUsd: 200 });
      const raise = { raiseId: "raised", account, addedMicroUsd: 150 };
      expect(await budgets().raise(raise)).toBe(true);
      expect(await budgets().raise(raise)).toBe(true);
      expect(await stateOf(account)).toMatchObject({ capMicroUsd: 350, raisedMicroUsd: 150 });
      expect(await ask(account, "raised-2")).toMatchObject({ heldMicroUsd: 150 });
      const tomorrow = { ...account, key: "tenant/raised/2026-11-22" };
      expect(await ask(tomorrow, "raised-3")).toMatchObject({ heldMicroUsd: 200 });
    });

    test("outlives a change of the cap beneath it", async () => {
      const account = dayOf("beneath", 200);
      await budgets().raise({ raiseId: "beneath", account, addedMicroUsd: 100 });
      await budgets().set({ scope: "tenant_day", tenant: "beneath" }, 50);
      expect(await ask(account, "beneath-1")).toMatchObject({ heldMicroUsd: 150 });
    });

    test("of what has no cap is refused, and adds nothing once there is one", async () => {
      const account = dayOf("uncapped", null);
      expect(await budgets().raise({ raiseId: "none", account, addedMicroUsd: 100 })).toBe(false);
      expect(await stateOf({ ...account, capMicroUsd: 40 })).toMatchObject({ capMicroUsd: 40 });
    });

    test("beyond what a number can hold stays a cap", async () => {
      const account = dayOf("much", 200);
      const added = Number.MAX_SAFE_INTEGER;
      await budgets().raise({ raiseId: "much", account, addedMicroUsd: added });
      expect(await ask(account, "much-1")).toMatchObject({ kind: "held" });
      expect(await stateOf(account)).toMatchObject({ capMicroUsd: Number.MAX_SAFE_INTEGER });
    });
  });

  test("budgets and the tenants that were charged are listed by name", async () => {
    await budgets().set({ scope: "session", tenant: "list/ed", session: "s 1" }, 1);
    expect(await budgets().named()).toContainEqual({
      scope: "session",
      tenant: "list/ed",
      session: "s 1",
    });
    await ask({ ...dayOf("", 600), key: "tenant/list%2Fed/2031-01-01" }, "listed");
    expect(await budgets().tenantsOf(["2031-01-01", "2031-01"])).toEqual(["list/ed"]);
  });
});
