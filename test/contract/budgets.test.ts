// What the operator sets holds from the next call on, and only there.

import { beforeEach, describe, expect, test } from "@jest/globals";
import type { BudgetName } from "../../src/domain/budget.ts";
import { createBudgets, type Budgets } from "../../src/store/budgets.ts";
import { createLedger, type AttemptStart, type Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { assertSumsUp, clearMoney } from "../support/ledger-rules.ts";

const everyTenant: BudgetName = { scope: "tenant_day" };
const NO_CAPS = { session: null, tenant_day: null, tenant_month: null, global_day: null };

const dayOf = (tenant: string): BudgetName => ({ scope: "tenant_day", tenant });

onEachDatabase((underTest) => {
  const budgets = (): Budgets => createBudgets(underTest().db);
  const ledger = (): Ledger => createLedger(underTest().db);
  /** Asks for 110 to 500. */
  const ask = (tenant: string, run: string, session = "s"): Promise<AttemptStart> =>
    ledger().startAttempt(anAttempt(run, [], { tenant, session }));
  const stateOf = async (name: BudgetName) => (await budgets().states([name]))[0];
  const today = new Date().toISOString().slice(0, 10);

  beforeEach(() => clearMoney(underTest().db));

  describe("B1: the nearest budget that is set is the cap", () => {
    test("a tenant's own comes before that for every tenant, and both before the environment's", async () => {
      await budgets().seed({ ...NO_CAPS, tenant_day: 600 });
      await budgets().set(everyTenant, 300);
      expect(await ask("near", "near-1")).toMatchObject({ heldMicroUsd: 300 });
      await budgets().set(dayOf("near"), 450);
      expect(await ask("near", "near-2")).toMatchObject({ heldMicroUsd: 150 });
      expect(await stateOf(dayOf("near"))).toMatchObject({
        key: `tenant/near/${today}`,
        limit: "tenant_day",
        capMicroUsd: 450,
        spentMicroUsd: 0,
        heldMicroUsd: 450,
        fearedMicroUsd: 0,
        raisedMicroUsd: 0,
        budget: "tenant_day/near",
      });
      await budgets().unset(dayOf("near"));
      expect(await stateOf(dayOf("near"))).toMatchObject({
        capMicroUsd: 300,
        budget: "tenant_day",
      });
      await budgets().unset(everyTenant);
      expect(await ask("near", "near-3")).toMatchObject({ heldMicroUsd: 150 });
      expect(await stateOf(dayOf("near"))).toMatchObject({ capMicroUsd: 600, budget: null });
    });

    test("one without a cap lifts that for all, and counts on", async () => {
      await budgets().set(everyTenant, 100);
      expect(await ask("lifted", "lifted-1")).toMatchObject({ kind: "denied", capMicroUsd: 100 });
      await budgets().set(dayOf("lifted"), null);
      expect(await ask("lifted", "lifted-2")).toMatchObject({ kind: "held", replyTokens: 400 });
      const state = { capMicroUsd: null, heldMicroUsd: 500 };
      expect(await stateOf(dayOf("lifted"))).toMatchObject(state);
    });

    test("one that is lowered below what is committed denies, and takes nothing back", async () => {
      await budgets().set(dayOf("lowered"), 1000);
      expect(await ask("lowered", "lowered-1")).toMatchObject({ kind: "held" });
      await ledger().settle(aSettlement("lowered-1/1/1", 400));
      await budgets().set(dayOf("lowered"), 300);
      expect(await ask("lowered", "lowered-2")).toMatchObject({
        kind: "denied",
        capMicroUsd: 300,
        leftMicroUsd: -100,
        temporary: false,
      });
    });

    test("what a caller sees before the first call of a period is what that call will find", async () => {
      await budgets().set(dayOf("early"), 250);
      expect(await stateOf(dayOf("early"))).toMatchObject({ capMicroUsd: 250, spentMicroUsd: 0 });
      expect(await ask("early", "early-1")).toMatchObject({ heldMicroUsd: 250 });
    });

    test("a denial says when the cap starts anew", async () => {
      await budgets().set({ scope: "tenant_month", tenant: "reset" }, 1);
      const resetsAt = expect.stringMatching(/^\d{4}-\d\d-01T00:00:00\.000Z$/);
      expect(await ask("reset", "reset-1")).toMatchObject({ limit: "tenant_month", resetsAt });
    });

    test("two tenants whose names hold slashes don't share a budget", async () => {
      await budgets().set({ scope: "session", tenant: "a/b", session: "c" }, 1);
      expect(await ask("a", "slash-1", "b/c")).toMatchObject({ heldMicroUsd: 500 });
      expect(await ask("a/b", "slash-2", "c")).toMatchObject({ kind: "denied" });
    });
  });

  describe("a cap that comes in the middle of its period", () => {
    const month: BudgetName = { scope: "tenant_month", tenant: "mid" };

    test("opens the account with what was used before and with the holds that are open", async () => {
      await ask("mid", "mid-1");
      await ledger().settle(aSettlement("mid-1/1/1", 30));
      await ask("mid", "mid-2");
      await ledger().lose("mid-2/1/1", { spentMicroUsd: 5, fearedMicroUsd: 60 });
      await ask("mid", "mid-3");
      await budgets().set(month, 700);
      const opened = { capMicroUsd: 700, spentMicroUsd: 35, fearedMicroUsd: 60, heldMicroUsd: 500 };
      expect(await ledger().account(`tenant/mid/${today.slice(0, 7)}`)).toMatchObject(opened);
      expect(await ask("mid", "mid-4")).toMatchObject({ kind: "denied", leftMicroUsd: 105 });
      await ledger().settle(aSettlement("mid-3/1/1", 11));
      expect(await stateOf(month)).toMatchObject({ spentMicroUsd: 46, heldMicroUsd: 0 });
      await assertSumsUp(underTest().db);
    });

    test("of sessions opens one account for each that was ever used", async () => {
      await ask("mid", "one", "s1");
      await ask("mid", "two", "s2");
      await budgets().set({ scope: "session", tenant: "mid" }, 600);
      for (const session of ["s1", "s2"]) {
        expect(await ledger().account(`session/mid/${session}`)).toMatchObject({
          heldMicroUsd: 500,
        });
      }
      await assertSumsUp(underTest().db);
    });

    test("while others book loses none of what they book", async () => {
      const runs = Array.from({ length: 60 }, (_, n) => n);
      const books = ledger();
      const book = async (run: number): Promise<void> => {
        const id = `busy-${run}`;
        const start = await books.startAttempt(anAttempt(id, [], { tenant: "mid" }));
        if (start.kind === "held") await books.settle(aSettlement(`${id}/1/1`, 3));
      };
      const caps = async (): Promise<void> => {
        await budgets().set(month, 1_000_000);
        await budgets().set(everyTenant, 1_000_000);
        await budgets().set({ scope: "session" }, 1_000_000);
        await budgets().set({ scope: "global_day" }, 1_000_000);
      };
      await Promise.all([...runs.map(book), caps()]);
      await assertSumsUp(underTest().db);
      expect(await stateOf(month)).toMatchObject({ spentMicroUsd: 180, heldMicroUsd: 0 });
    });
  });

  describe("the environment seeds budgets", () => {
    test("where the operator has set nothing, at each start of a worker anew", async () => {
      await budgets().seed({ ...NO_CAPS, tenant_day: 600 });
      expect(await stateOf(dayOf("seeded"))).toMatchObject({ capMicroUsd: 600, budget: null });
      await budgets().seed({ ...NO_CAPS, tenant_day: 200 });
      expect(await ask("seeded", "seeded-1")).toMatchObject({ heldMicroUsd: 200 });
      await budgets().seed(NO_CAPS);
      expect(await ask("seeded", "seeded-2")).toMatchObject({ heldMicroUsd: 500 });
      expect(await budgets().named()).toEqual([]);
    });

    test("and never comes before what the operator set", async () => {
      await budgets().set(everyTenant, 300);
      await budgets().seed({ ...NO_CAPS, tenant_day: 600 });
      expect(await stateOf(dayOf("kept"))).toMatchObject({
        capMicroUsd: 300,
        budget: "tenant_day",
      });
      await budgets().unset(everyTenant);
      expect(await stateOf(dayOf("kept"))).toMatchObject({ capMicroUsd: 600, budget: null });
    });
  });

  describe("B2: a raise", () => {
    test("adds to the cap of its period, once for each id, and dies with it", async () => {
      await budgets().set(dayOf("raised"), 200);
      expect(await ask("raised", "raised-1")).toMatchObject({ heldMicroUsd: 200 });
      const raise = { raiseId: "raised", name: dayOf("raised"), addedMicroUsd: 150 };
      expect(await budgets().raise(raise)).toBe(true);
      expect(await budgets().raise(raise)).toBe(true);
      const raised = { capMicroUsd: 350, raisedMicroUsd: 150 };
      expect(await stateOf(dayOf("raised"))).toMatchObject(raised);
      expect(await ask("raised", "raised-2")).toMatchObject({ heldMicroUsd: 150 });
      const tomorrow = { tenant: "raised", day: "2031-01-01" };
      const next = await ledger().startAttempt(anAttempt("raised-3", [], tomorrow));
      expect(next).toMatchObject({ heldMicroUsd: 200 });
    });

    test("holds for an account that its first call opens", async () => {
      await budgets().set(dayOf("ahead"), 200);
      const name = dayOf("ahead");
      await budgets().raise({ raiseId: "ahead", name, addedMicroUsd: 100 });
      expect(await ask("ahead", "ahead-1")).toMatchObject({ heldMicroUsd: 300 });
    });

    test("outlives a change of the cap beneath it", async () => {
      const name = dayOf("beneath");
      await budgets().set(name, 200);
      await budgets().raise({ raiseId: "beneath", name, addedMicroUsd: 100 });
      await budgets().set(name, 50);
      expect(await ask("beneath", "beneath-1")).toMatchObject({ heldMicroUsd: 150 });
    });

    test("of what has no cap is refused, and adds nothing once there is one", async () => {
      const name = dayOf("uncapped");
      expect(await budgets().raise({ raiseId: "none", name, addedMicroUsd: 100 })).toBe(false);
      await budgets().set(name, 40);
      expect(await stateOf(name)).toMatchObject({ capMicroUsd: 40 });
    });

    test("beyond what a number can hold stays a cap", async () => {
      const name = dayOf("much");
      await budgets().set(name, 200);
      await budgets().raise({ raiseId: "much", name, addedMicroUsd: Number.MAX_SAFE_INTEGER });
      expect(await ask("much", "much-1")).toMatchObject({ kind: "held" });
      expect(await stateOf(name)).toMatchObject({ capMicroUsd: Number.MAX_SAFE_INTEGER });
    });
  });

  describe("feared money is released", () => {
    const lose = async (run: string, tenant = "worried"): Promise<void> => {
      await ask(tenant, run);
      await ledger().lose(`${run}/1/1`);
    };
    const release = { by: "ops@example.com", why: "the provider billed nothing" };

    test("of one account, once, and on record with who and why", async () => {
      const name = dayOf("worried");
      await budgets().set(name, 1000);
      await lose("one");
      await lose("two");
      expect(await ask("worried", "denied")).toMatchObject({
        kind: "denied",
        fearedMicroUsd: 1000,
      });
      const released = { calls: 2, fearedMicroUsd: 1000 };
      expect(await budgets().release({ name, ...release })).toEqual(released);
      const none = { calls: 0, fearedMicroUsd: 0 };
      expect(await budgets().release({ name, ...release })).toEqual(none);
      expect(await stateOf(name)).toMatchObject({ fearedMicroUsd: 0, spentMicroUsd: 0 });
      expect(await ask("worried", "held")).toMatchObject({ kind: "held" });
      const record = await underTest().db`
        select hold_id, released_by as by, why from pawl.release order by hold_id`;
      expect(record).toEqual(["one/1/1", "two/1/1"].map((hold_id) => ({ hold_id, ...release })));
    });

    test("of one run alone, and of no other tenant", async () => {
      await lose("mine");
      await lose("other");
      await lose("theirs", "calm");
      const name: BudgetName = { scope: "global_day" };
      const one = await budgets().release({ name, runId: "mine", ...release });
      expect(one).toEqual({ calls: 1, fearedMicroUsd: 500 });
      await budgets().release({ name: dayOf("worried"), ...release });
      expect(await stateOf(name)).toMatchObject({ fearedMicroUsd: 500 });
      expect(await ledger().totals("theirs")).toMatchObject({ fearedMicroUsd: 500 });
      await assertSumsUp(underTest().db);
    });

    test("for what it did cost, where somebody knows", async () => {
      await lose("known");
      const known = { holdIds: ["known/1/1"], actualMicroUsd: 120, ...release };
      expect(await ledger().settleFeared(known)).toEqual({ calls: 1, fearedMicroUsd: 500 });
      expect(await ledger().settleFeared(known)).toEqual({ calls: 0, fearedMicroUsd: 0 });
      const totals = { spentMicroUsd: 120, fearedMicroUsd: 0, crashTaxMicroUsd: 120 };
      expect(await ledger().totals("known")).toMatchObject(totals);
    });
  });

  test("budgets and the tenants that used anything this month are listed by name", async () => {
    await budgets().set({ scope: "session", tenant: "list/ed", session: "s 1" }, 1);
    expect(await budgets().named()).toEqual([
      { scope: "session", tenant: "list/ed", session: "s 1" },
    ]);
    await ask("list/ed", "listed");
    expect(await budgets().tenants()).toEqual(["list/ed"]);
  });
});
