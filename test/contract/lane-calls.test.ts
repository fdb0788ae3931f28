// Calls in the batch lane: the hold of a submission, and who may send it.

import { describe, expect, test } from "@jest/globals";
import { createLaneCalls } from "../../src/store/lane-calls.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { anAccount, anAttempt, aSettlement } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

onEachDatabase((underTest) => {
  const books = () => {
    const { db } = underTest();
    return { db, lane: createLaneCalls(db), ledger: createLedger(db) };
  };
  const attempt = (run: string, number: number, cap = 10_000) =>
    anAttempt(run, [anAccount(`cap of ${run}`, cap)], { attempt: number });

  describe("U1: the intent is written with the hold", () => {
    test("a hold has its intent, and no batch yet", async () => {
      const { lane } = books();
      const start = await lane.start(attempt("first", 1));
      expect(start).toMatchObject({ kind: "held", heldMicroUsd: 500, attempts: 1 });
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
      const { lane, db } = books();
      expect(await lane.start(attempt("poor", 1, 50))).toMatchObject({ kind: "denied" });
      expect(await db`select hold_id from pawl.lane_call where call_key = 'poor/1'`).toEqual([]);
      await expect(lane.state("poor/1/1")).rejects.toThrow(/no call in the batch lane/);
    });

    test("asking again in the same attempt, as when the answer was lost, gives the same hold", async () => {
      const { lane } = books();
      const start = await lane.start(attempt("again", 1));
      expect(await lane.start(attempt("again", 1))).toEqual(start);
    });
  });

  describe("U2: while a submission is open its call is not submitted again", () => {
    test("a later attempt gets it, with its batch where that is known, and holds nothing", async () => {
      const { lane, ledger } = books();
      await lane.start(attempt("taken", 1));
      const unknown = await lane.start(attempt("taken", 2));
      expect(unknown).toMatchObject({ kind: "submitted", attempt: 1, providerBatchId: null });
      expect(await lane.note("taken/1/1", "msgbatch_taken")).toBe("awaited");
      const known = await lane.start(attempt("taken", 3));
      expect(known).toMatchObject({
        kind: "submitted",
        attempt: 1,
        providerBatchId: "msgbatch_taken",
      });
      expect(await ledger.resumeCall(attempt("taken", 4))).toEqual(known);
      expect(await ledger.totals("taken")).toMatchObject({ heldMicroUsd: 500, modelAttempts: 1 });
    });

    test("of attempts at once one may send", async () => {
      const { lane, ledger } = books();
      await lane.start(attempt("rush", 1));
      const starts = await Promise.all([2, 3, 4, 5].map((n) => lane.start(attempt("rush", n))));
      expect(starts.map(({ kind }) => kind)).toEqual(Array(4).fill("submitted"));
      expect(await ledger.totals("rush")).toMatchObject({ heldMicroUsd: 500 });
    });

    test("one that was resolved makes room for the next", async () => {
      const { lane, ledger } = books();
      await lane.start(attempt("void", 1));
      await ledger.void("void/1/1", { sent: true });
      expect(await lane.start(attempt("void", 2))).toMatchObject({ kind: "held", attempts: 2 });
    });

    test("the batch of one that was resolved meanwhile is wanted by nobody", async () => {
      const { lane, ledger } = books();
      await lane.start(attempt("late", 1));
      await ledger.charge("late/1/1");
      expect(await lane.note("late/1/1", "msgbatch_late")).toBe("unwanted");
      const state = await lane.state("late/1/1");
      expect(state).toMatchObject({ state: "charged", crashTaxMicroUsd: 500 });
    });
  });

  test("a reply that was journaled is there to be adopted", async () => {
    const { lane, ledger } = books();
    await lane.start(attempt("done", 1));
    const settlement = aSettlement("done/1/1", 123);
    await ledger.settle(settlement);
    const { journal } = settlement;
    expect(await lane.state("done/1/1")).toMatchObject({ state: "settled", reply: journal });
    expect(await lane.start(attempt("done", 2))).toMatchObject({ kind: "journaled" });
  });

  test("of several batches those are known that some call has", async () => {
    const { lane } = books();
    await lane.start(attempt("known", 1));
    await lane.note("known/1/1", "msgbatch_known");
    const known = await lane.known(["msgbatch_known", "msgbatch_of_others"]);
    expect([...known]).toEqual(["msgbatch_known"]);
    expect((await lane.known([])).size).toBe(0);
  });
});
