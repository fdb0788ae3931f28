// Calls in the batch lane: the hold of a submission, and who may send it.

import { describe, expect, test } from "@jest/globals";
import { createBudgets } from "../../src/store/budgets.ts";
import { createLaneCalls } from "../../src/store/lane-calls.ts";
import { createLedger, type AttemptRequest } from "../../src/store/ledger.ts";
import { anAccount, anAttempt, aSettlement } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

onEachDatabase((underTest) => {
  const books = () => {
    const { db } = underTest();
    const ledger = createLedger(db);
    const start = (request: AttemptRequest) => ledger.startAttempt(request);
    return { db, lane: createLaneCalls(db), ledger, start };
  };
  const attempt = (run: string, number: number, cap = 10_000) =>
    anAttempt(run, [anAccount(`cap of ${run}`, cap)], { attempt: number, lane: "batch" });

  describe("U1: the intent is written with the hold", () => {
    test("a hold has its intent, and no batch yet", async () => {
      const { lane, start } = books();
      expect(await start(attempt("first", 1))).toMatchObject({
        kind: "held",
        heldMicroUsd: 500,
        attempts: 1,
      });
      expect(await lane.state("first/1/1")).toEqual({
        state: "held",
        heldMicroUsd: 500,
        replyTokens: 400,
        providerBatchId: null,
        reply: null,
        crashTaxMicroUsd: 0,
        attempts: 1,
      });
    });

    test("what can't be paid leaves neither", async () => {
      const { lane, db, start } = books();
      expect(await start(attempt("poor", 1, 50))).toMatchObject({ kind: "denied" });
      expect(await db`select hold_id from pawl.lane_call where call_key = 'poor/1'`).toEqual([]);
      await expect(lane.state("poor/1/1")).rejects.toThrow(/no call in the batch lane/);
    });

    test("asking again in the same attempt, as when the answer was lost, gives the same hold", async () => {
      const { start } = books();
      const first = await start(attempt("again", 1));
      expect(await start(attempt("again", 1))).toEqual(first);
    });
  });

  describe("U2: while a submission is open its call is not submitted again", () => {
    test("a later attempt gets it, with its batch where that is known, and holds nothing", async () => {
      const { lane, ledger, start } = books();
      await start(attempt("taken", 1));
      const unknown = await start(attempt("taken", 2));
      expect(unknown).toMatchObject({ kind: "submitted", attempt: 1, providerBatchId: null });
      expect(await lane.note("taken/1/1", "msgbatch_taken")).toBe("awaited");
      const known = await start(attempt("taken", 3));
      expect(known).toMatchObject({
        kind: "submitted",
        attempt: 1,
        providerBatchId: "msgbatch_taken",
      });
      expect(await ledger.resumeCall(attempt("taken", 4))).toEqual(known);
      expect(await ledger.totals("taken")).toMatchObject({ heldMicroUsd: 500, modelAttempts: 1 });
    });

    test("of attempts at once one may send", async () => {
      const { ledger, start } = books();
      await start(attempt("rush", 1));
      const starts = await Promise.all([2, 3, 4, 5].map((n) => start(attempt("rush", n))));
      expect(starts.map(({ kind }) => kind)).toEqual(Array(4).fill("submitted"));
      expect(await ledger.totals("rush")).toMatchObject({ heldMicroUsd: 500 });
    });

    test("one that was resolved makes room for the next", async () => {
      const { ledger, start } = books();
      await start(attempt("void", 1));
      await ledger.void("void/1/1", { sent: true });
      expect(await start(attempt("void", 2))).toMatchObject({ kind: "held", attempts: 2 });
    });

    test("the batch of one that was resolved meanwhile is wanted by nobody", async () => {
      const { lane, ledger, start } = books();
      await start(attempt("late", 1));
      await ledger.lose("late/1/1");
      expect(await lane.note("late/1/1", "msgbatch_late")).toBe("unwanted");
      const state = await lane.state("late/1/1");
      expect(state).toMatchObject({ state: "lost", crashTaxMicroUsd: 500 });
    });
  });

  describe("a hold that lives for days", () => {
    const yesterday = new Date(Date.now() - 25 * 3_600_000).toISOString().slice(0, 10);

    test("of 25 hours is settled in the accounts that it was made in", async () => {
      const { db, ledger, start } = books();
      const budgets = createBudgets(db);
      await budgets.set({ scope: "tenant_day", tenant: "slow" }, 10_000);
      const who = {
        tenant: "slow",
        lane: "batch",
        day: yesterday,
        deadAfterMs: 48 * 3_600_000,
      } as const;
      await start(anAttempt("slow", [], who));
      await db`update pawl.hold set held_at = held_at - interval '25 hours',
        dead_after = dead_after - interval '25 hours' where hold_id = 'slow/1/1'`;
      await start(anAttempt("today", [], { tenant: "slow" }));
      expect(await ledger.sweep()).toBe(0);
      expect(await ledger.settle(aSettlement("slow/1/1", 70))).toMatchObject({ kind: "settled" });
      const state = { spentMicroUsd: 70, heldMicroUsd: 0 };
      expect(await ledger.account(`tenant/slow/${yesterday}`)).toMatchObject(state);
      const [today] = await budgets.states([{ scope: "tenant_day", tenant: "slow" }]);
      expect(today).toMatchObject({ spentMicroUsd: 0, heldMicroUsd: 500 });
    });

    test("is lost once it is past the end of every batch", async () => {
      const { ledger, start } = books();
      await start({ ...attempt("stuck", 1), deadAfterMs: 0 });
      expect(await ledger.sweep()).toBe(1);
      expect(await ledger.account("cap of stuck")).toMatchObject({ fearedMicroUsd: 500 });
    });

    test("is not lost by another call of its run", async () => {
      const { ledger, start } = books();
      await start(attempt("calm", 1));
      await start(anAttempt("calm", [anAccount("cap of calm", 10_000)], { turn: 2 }));
      expect(await ledger.account("cap of calm")).toMatchObject({ heldMicroUsd: 1000 });
    });
  });

  test("a reply that was journaled is there to be adopted", async () => {
    const { lane, ledger, start } = books();
    await start(attempt("done", 1));
    const settlement = aSettlement("done/1/1", 123);
    await ledger.settle(settlement);
    const { journal } = settlement;
    expect(await lane.state("done/1/1")).toMatchObject({ state: "settled", reply: journal });
    expect(await start(attempt("done", 2))).toMatchObject({ kind: "journaled" });
  });

  test("of several batches those are known that some call has", async () => {
    const { lane, start } = books();
    await start(attempt("known", 1));
    await lane.note("known/1/1", "msgbatch_known");
    const known = await lane.known(["msgbatch_known", "msgbatch_of_others"]);
    expect([...known]).toEqual(["msgbatch_known"]);
    expect((await lane.known([])).size).toBe(0);
  });
});
