import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Database } from "../../src/store/database.ts";
import { createLedger, type Ledger } from "../../src/store/ledger.ts";
import { createTranscripts, nextHead, refOf } from "../../src/store/transcripts.ts";
import { aSettlement, anAccount, anAttempt } from "../support/attempts.ts";
import { amongStrangers } from "../support/among-strangers.ts";
import { onEachDatabase, type DatabaseUnderTest } from "../support/each-database.ts";
import { assertSumsUp, clearMoney } from "../support/ledger-rules.ts";

onEachDatabase((underTest) => {
  describe.each([
    ["alone", (db: Database) => createLedger(db)],
    ["among strangers in its batch", amongStrangers],
  ])("%s", (_how, open) => contract(underTest, open));
});

function contract(underTest: () => DatabaseUnderTest, openLedger: (db: Database) => Ledger): void {
  const ledger = (): Ledger => openLedger(underTest().db);
  beforeEach(() => clearMoney(underTest().db));

  describe("starting an attempt", () => {
    test("holds the worst case in every account", async () => {
      const accounts = [anAccount("start/run", 1000), anAccount("start/day", 5000)];
      expect(await ledger().startAttempt(anAttempt("start", accounts))).toEqual({
        kind: "held",
        replyTokens: 400,
        heldMicroUsd: 500,
        crashTaxMicroUsd: 0,
        attempts: 1,
      });
      for (const key of ["run/start", ...accounts.map((account) => account.key)]) {
        expect(await ledger().account(key)).toMatchObject({ heldMicroUsd: 500, spentMicroUsd: 0 });
      }
    });

    test("clamps the reply to what the tightest account can pay", async () => {
      const accounts = [anAccount("clamp/run", 1000), anAccount("clamp/day", 350)];
      expect(await ledger().startAttempt(anAttempt("clamp", accounts))).toMatchObject({
        replyTokens: 250,
        heldMicroUsd: 350,
      });
    });

    test("clamps to the last token whose rounded-up price still fits", async () => {
      const worst = { fixedMicroUsd: 0, replyRate: 300_000 };
      const request = anAttempt("round", [anAccount("round/run", 10)], { worst });
      expect(await ledger().startAttempt(request)).toMatchObject({
        replyTokens: 33,
        heldMicroUsd: 10,
      });
    });

    test("denies nothing where there is no cap, and has no account to be locked", async () => {
      const request = anAttempt("uncapped", [anAccount("uncapped/day", null)]);
      const held = { kind: "held", replyTokens: 400 };
      expect(await ledger().startAttempt(request)).toMatchObject(held);
      expect(await ledger().account("uncapped/day")).toBeNull();
      expect(await ledger().account("run/uncapped")).toMatchObject({ heldMicroUsd: 500 });
    });

    test("keeps to the run's own cap, which a later call may lower", async () => {
      const at = (runCapMicroUsd: number, turn: number) =>
        ledger().startAttempt(anAttempt("own", [], { runCapMicroUsd, turn }));
      expect(await at(300, 1)).toMatchObject({ kind: "held", heldMicroUsd: 300 });
      await ledger().settle(aSettlement("own/1/1", 150));
      expect(await at(200, 2)).toMatchObject({ kind: "denied", account: "run/own", limit: "cost" });
    });

    test("denies for good what the cap can't pay even when all holds are gone", async () => {
      const accounts = [anAccount("final/run", 1000), anAccount("final/day", 109)];
      expect(await ledger().startAttempt(anAttempt("final", accounts))).toEqual({
        kind: "denied",
        limit: "batch",
        account: "final/day",
        askedMicroUsd: 110,
        leftMicroUsd: 109,
        spentMicroUsd: 0,
        fearedMicroUsd: 0,
        capMicroUsd: 109,
        temporary: false,
        resetsAt: null,
        crashTaxMicroUsd: 0,
      });
      expect(await ledger().account("final/run")).toMatchObject({ heldMicroUsd: 0 });
    });

    test("denies for now where only another run's hold is in the way", async () => {
      const day = anAccount("temporary/day", 500);
      await ledger().startAttempt(anAttempt("temporary-1", [day]));
      expect(await ledger().startAttempt(anAttempt("temporary-2", [day]))).toMatchObject({
        kind: "denied",
        leftMicroUsd: 0,
        temporary: true,
      });
      await ledger().void("temporary-1/1/1", { sent: true });
      expect(await ledger().startAttempt(anAttempt("temporary-2", [day]))).toMatchObject({
        kind: "held",
      });
    });

    test("names the account that waiting can't help, before one that it can", async () => {
      const shared = anAccount("which/shared", 500);
      await ledger().startAttempt(anAttempt("which-1", [shared]));
      const accounts = [shared, anAccount("which/run", 50)];
      expect(await ledger().startAttempt(anAttempt("which-2", accounts))).toMatchObject({
        account: "which/run",
        temporary: false,
      });
    });

    test("goes by the cap as it is given now", async () => {
      const at = (cap: number, turn: number) =>
        ledger().startAttempt(anAttempt("moving", [anAccount("moving/day", cap)], { turn }));
      expect(await at(600, 1)).toMatchObject({ heldMicroUsd: 500 });
      await ledger().settle(aSettlement("moving/1/1", 300));
      expect(await at(200, 2)).toMatchObject({ kind: "denied", leftMicroUsd: -100 });
      expect(await at(900, 3)).toMatchObject({ kind: "held", heldMicroUsd: 500 });
    });

    test("has the account of a share that only some of those who ask at once know a cap of", async () => {
      const caps = [null, 2000, null, 2000, null];
      const books = ledger();
      await Promise.all(
        caps.map((cap, n) =>
          books.startAttempt(anAttempt(`some-${n}`, [anAccount("some/share", cap)])),
        ),
      );
      expect(await ledger().account("some/share")).toMatchObject({
        capMicroUsd: 2000,
        heldMicroUsd: 1000,
      });
      await assertSumsUp(underTest().db);
    });

    test("fears for the attempts of the same run that are still open, and says so", async () => {
      const accounts = [anAccount("crash/run", 10_000)];
      await ledger().startAttempt(anAttempt("crash", accounts));
      expect(
        await ledger().startAttempt(anAttempt("crash", accounts, { attempt: 2 })),
      ).toMatchObject({ kind: "held", crashTaxMicroUsd: 500, attempts: 2 });
      expect(await ledger().account("crash/run")).toMatchObject({
        heldMicroUsd: 500,
        fearedMicroUsd: 500,
        spentMicroUsd: 0,
      });
    });

    test("fears for a dead attempt in the accounts that it was made in", async () => {
      await ledger().startAttempt(anAttempt("midnight", [anAccount("midnight/monday", 900)]));
      const tuesday = anAttempt("midnight", [anAccount("midnight/tuesday", 900)], { attempt: 2 });
      await ledger().startAttempt(tuesday);
      expect(await ledger().account("midnight/monday")).toMatchObject({
        fearedMicroUsd: 500,
        heldMicroUsd: 0,
      });
      expect(await ledger().account("midnight/tuesday")).toMatchObject({
        fearedMicroUsd: 0,
        heldMicroUsd: 500,
      });
    });

    test("gets the same hold for the same id, whatever else is asked", async () => {
      const accounts = [anAccount("twice/run", 10_000)];
      const first = await ledger().startAttempt(anAttempt("twice", accounts));
      expect(await ledger().startAttempt(anAttempt("twice", accounts))).toEqual(first);
      const longer = anAttempt("twice", accounts, { replyTokensMax: 900 });
      expect(await ledger().startAttempt(longer)).toEqual(first);
      expect(await ledger().account("twice/run")).toMatchObject({ heldMicroUsd: 500 });
    });

    test("fails for a hold that was resolved meanwhile, and holds nothing", async () => {
      const request = anAttempt("over", [anAccount("over/run", 10_000)]);
      await ledger().startAttempt(request);
      await ledger().lose(request.holdId);
      await expect(ledger().startAttempt(request)).rejects.toThrow(/was resolved before/);
      expect(await ledger().account("over/run")).toMatchObject({ heldMicroUsd: 0 });
    });

    test("turns away a zombie that starts after its successor, whose hold stays", async () => {
      const accounts = [anAccount("late/run", 10_000)];
      const second = anAttempt("late", accounts, { attempt: 2 });
      await ledger().startAttempt(second);
      await expect(ledger().startAttempt(anAttempt("late", accounts))).rejects.toThrow(/is over/);
      expect(await ledger().settle(aSettlement(second.holdId, 7))).toMatchObject({
        kind: "settled",
      });
    });

    test("adopts the journaled reply byte for byte, and pays nothing", async () => {
      const accounts = [anAccount("adopt/run", 10_000)];
      const journal = JSON.stringify({ z: "quote ' backslash \\ NUL \0 half \ud83d 🐾", a: 1 });
      await ledger().startAttempt(anAttempt("adopt", accounts));
      await ledger().startAttempt(anAttempt("adopt", accounts, { attempt: 2 }));
      await ledger().settle(aSettlement("adopt/1/2", 40, { journal }));
      expect(await ledger().startAttempt(anAttempt("adopt", accounts, { attempt: 3 }))).toEqual({
        kind: "journaled",
        reply: journal,
        crashTaxMicroUsd: 500,
        attempts: 2,
      });
      expect(await ledger().account("adopt/run")).toMatchObject({
        spentMicroUsd: 40,
        fearedMicroUsd: 500,
        heldMicroUsd: 0,
      });
    });

    test.each([
      ["a fraction", { fixedMicroUsd: 0.5, replyRate: 1 }],
      ["a negative amount", { fixedMicroUsd: -1, replyRate: 1 }],
      ["not a number", { fixedMicroUsd: Number.NaN, replyRate: 1 }],
      ["more than a number holds exactly", { fixedMicroUsd: 2 ** 53, replyRate: 1 }],
      ["more than SQL can multiply", { fixedMicroUsd: 1, replyRate: Number.MAX_SAFE_INTEGER }],
    ])("holds nothing where the worst case is %s", async (_case, worst) => {
      const request = anAttempt("odd", [], {
        worst,
        replyTokensMax: 4000,
      });
      const end = ledger().startAttempt(request);
      expect(
        await end.then(
          ({ kind }) => kind,
          () => "failed",
        ),
      ).toMatch(/^(failed|denied)$/);
      expect(await ledger().totals("odd")).toMatchObject({ heldMicroUsd: 0 });
    });
  });

  describe("resuming a call", () => {
    test("fears for the attempts that died, holds nothing, and says what they may have cost", async () => {
      const accounts = [anAccount("resume/run", 10_000)];
      await ledger().startAttempt(anAttempt("resume", accounts));
      const second = anAttempt("resume", accounts, { attempt: 2 });
      const soFar = { kind: "open", crashTaxMicroUsd: 500, attempts: 1 };
      expect(await ledger().resumeCall(second)).toEqual(soFar);
      expect(await ledger().resumeCall(second)).toEqual(soFar);
      expect(await ledger().account("resume/run")).toMatchObject({
        spentMicroUsd: 0,
        fearedMicroUsd: 500,
        heldMicroUsd: 0,
      });
    });

    test("gives the reply that was journaled, byte for byte", async () => {
      const accounts = [anAccount("resumed/run", 10_000)];
      await ledger().startAttempt(anAttempt("resumed", accounts));
      const { journal } = aSettlement("resumed/1/1", 40);
      await ledger().settle(aSettlement("resumed/1/1", 40));
      const next = anAttempt("resumed", accounts, { attempt: 2 });
      const journaled = { kind: "journaled", reply: journal, crashTaxMicroUsd: 0, attempts: 1 };
      expect(await ledger().resumeCall(next)).toEqual(journaled);
    });

    test("turns away a zombie, and leaves the hold of its successor alone", async () => {
      const accounts = [anAccount("overtaken/run", 10_000)];
      const third = anAttempt("overtaken", accounts, { attempt: 3 });
      await ledger().startAttempt(third);
      const second = anAttempt("overtaken", accounts, { attempt: 2 });
      await expect(ledger().resumeCall(second)).rejects.toThrow(/is over/);
      expect(await ledger().settle(aSettlement(third.holdId, 7))).toMatchObject({
        kind: "settled",
      });
    });
  });

  describe("resolving a hold", () => {
    const open = async (runId: string): Promise<string> => {
      const request = anAttempt(runId, [
        anAccount(`${runId}/run`, 1000),
        anAccount(`${runId}/day`, 1_000_000),
      ]);
      await ledger().startAttempt(request);
      return request.holdId;
    };

    test("settles with the real cost and returns the rest, in the order of the request", async () => {
      const holdId = await open("settle");
      const state = { spentMicroUsd: 120, heldMicroUsd: 0, fearedMicroUsd: 0 };
      expect(await ledger().settle(aSettlement(holdId, 120))).toEqual({
        kind: "settled",
        accounts: [
          { key: "run/settle", limit: "cost", capMicroUsd: 1_000_000_000, ...state },
          { key: "settle/run", limit: "batch", capMicroUsd: 1000, ...state },
          { key: "settle/day", limit: "batch", capMicroUsd: 1_000_000, ...state },
        ],
      });
    });

    test("settles a cost above the hold as it is", async () => {
      const holdId = await open("excess");
      await ledger().settle(aSettlement(holdId, 1700));
      expect(await ledger().account("excess/run")).toMatchObject({
        spentMicroUsd: 1700,
        heldMicroUsd: 0,
      });
    });

    test("tells a repeated settlement that it was made, and charges once", async () => {
      const settlement = aSettlement(await open("again"), 120);
      expect(await ledger().settle(settlement)).toMatchObject({ kind: "settled" });
      expect(await ledger().settle(settlement)).toMatchObject({ kind: "settled" });
      expect(await ledger().account("again/run")).toMatchObject({ spentMicroUsd: 120 });
    });

    test("turns a zombie away: settled after its hold was lost, it writes nothing", async () => {
      const holdId = await open("zombie");
      const body = '{"role":"assistant"}';
      const messages = [{ runId: "zombie", ref: refOf(body), body }];
      expect(await ledger().lose(holdId)).toBe("lost");
      expect(await ledger().settle(aSettlement(holdId, 120, { messages }))).toEqual({
        kind: "late",
      });
      expect(await ledger().account("zombie/run")).toMatchObject({ fearedMicroUsd: 500 });
      expect(
        await createTranscripts(underTest().db, 1_000_000).get("zombie", refOf(body)),
      ).toBeNull();
      const next = anAttempt("zombie", [anAccount("zombie/run", 1000)], { attempt: 2 });
      expect(await ledger().startAttempt(next)).toMatchObject({ kind: "held" });
    });

    test("keeps a settled hold against a later loss, void or other settlement", async () => {
      const holdId = await open("once");
      await ledger().settle(aSettlement(holdId, 120));
      expect(await ledger().lose(holdId)).toBe("resolved");
      expect(await ledger().void(holdId, { sent: false })).toBe("resolved");
      expect(await ledger().settle(aSettlement(holdId, 121))).toEqual({ kind: "late" });
      expect(await ledger().account("once/run")).toMatchObject({
        spentMicroUsd: 120,
        heldMicroUsd: 0,
      });
    });

    test("stores the reply's messages and links with the settlement", async () => {
      const holdId = await open("stored");
      const body = '{"role":"assistant","content":[]}';
      const link = {
        runId: "stored",
        head: nextHead("", refOf(body)),
        prevHead: "",
        ref: refOf(body),
      };
      const messages = [{ runId: "stored", ref: link.ref, body }];
      await ledger().settle(aSettlement(holdId, 1, { messages, links: [link] }));
      expect(await createTranscripts(underTest().db, 1_000_000).load("stored", link.head)).toEqual([
        body,
      ]);
    });

    test("is late to settle a hold that never was", async () => {
      expect(await ledger().settle(aSettlement("nowhere/1/1", 1))).toEqual({ kind: "late" });
      expect(await ledger().lose("nowhere/1/1")).toBe("resolved");
    });

    test("parts what a lost attempt cost from what it may have cost", async () => {
      const holdId = await open("broken");
      expect(await ledger().lose(holdId, { spentMicroUsd: 120, fearedMicroUsd: 300 })).toBe("lost");
      const state = { spentMicroUsd: 120, fearedMicroUsd: 300, heldMicroUsd: 0 };
      expect(await ledger().account("broken/run")).toMatchObject(state);
      expect(await ledger().totals("broken")).toMatchObject({ ...state, crashTaxMicroUsd: 420 });
    });

    test("counts what is feared against the cap", async () => {
      await ledger().lose(await open("feared"));
      const accounts = [anAccount("feared/run", 1000)];
      const next = anAttempt("feared", accounts, {
        turn: 2,
        replyTokensMin: 401,
        replyTokensMax: 401,
      });
      expect(await ledger().startAttempt(next)).toMatchObject({
        kind: "denied",
        leftMicroUsd: 500,
        fearedMicroUsd: 500,
        temporary: false,
      });
    });

    test("counts a voided request where it was sent, and keeps nothing of one that never left", async () => {
      const accounts = [anAccount("void/run", 1000)];
      for (const attempt of [1, 2]) {
        const request = anAttempt("void", accounts, { attempt });
        await ledger().startAttempt(request);
        expect(await ledger().void(request.holdId, { sent: attempt === 1 })).toBe("voided");
      }
      expect(await ledger().totals("void")).toMatchObject({
        modelAttempts: 1,
        spentMicroUsd: 0,
        heldMicroUsd: 0,
      });
      const { db } = underTest();
      const kept = await db`
        select hold_id from pawl.call where run_id = 'void'
        union all select hold_id from pawl.hold where run_id = 'void'`;
      expect(kept).toEqual([{ hold_id: "void/1/1" }]);
    });
  });
}
