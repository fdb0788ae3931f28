import { expect, test } from "@jest/globals";
import postgres from "postgres";
import { createBudgets } from "../../src/store/budgets.ts";
import { createLedger, type AttemptStart, type Ledger } from "../../src/store/ledger.ts";
import { aSettlement, anAccount, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";
import { assertSumsUp } from "../support/ledger-rules.ts";
import { until } from "../support/processes.ts";

const RUNS = 200;
const runs = Array.from({ length: RUNS }, (_, index) => index);

onEachDatabase((underTest) => {
  const ledger = (): Ledger => createLedger(underTest().db);

  test("L1: 200 runs at once on one capped account never commit more than its cap", async () => {
    const day = anAccount("race/day", 20_250);
    const starts = await Promise.all(
      runs.map((run) => ledger().startAttempt(anAttempt(`race-${run}`, [day]))),
    );
    const held = starts.filter(isHeld);
    // 40 whole holds of 500 and one that is clamped to the 250 left.
    expect(held).toHaveLength(41);
    expect(sum(held.map((start) => start.heldMicroUsd))).toBe(20_250);
    expect(await ledger().account(day.key)).toMatchObject({
      heldMicroUsd: 20_250,
      spentMicroUsd: 0,
    });
    expect(starts.filter((start) => start.kind === "denied" && !start.temporary)).toEqual([]);
  });

  test("the committed sum stays within the cap at every moment, seen from outside", async () => {
    const day = anAccount("watched/day", 3_000);
    const seen: number[] = [];
    const look = async (): Promise<void> => {
      const state = await ledger().account(day.key);
      seen.push((state?.heldMicroUsd ?? 0) + (state?.spentMicroUsd ?? 0));
    };
    await Promise.all(
      runs.map(async (run) => {
        const start = await ledger().startAttempt(anAttempt(`watched-${run}`, [day]));
        await look();
        if (start.kind === "held") await ledger().settle(aSettlement(`watched-${run}/1/1`, 17));
        await look();
      }),
    );
    expect(Math.max(...seen)).toBeLessThanOrEqual(3_000);
    expect(await ledger().account(day.key)).toMatchObject({ heldMicroUsd: 0 });
  });

  test("B1: a budget waits for what is being booked, and holds for all that comes after", async () => {
    const { name, url, db } = underTest();
    // PGlite has one session for all: there nobody can hold a lock while others wait.
    if (name === "PGlite") return;
    const budgets = createBudgets(db);
    const day = { scope: "tenant_day", tenant: "waits" } as const;
    const ask = (run: string, replyTokensMax = 400) =>
      ledger().startAttempt(anAttempt(run, [], { tenant: "waits", replyTokensMax }));
    await budgets.set(day, 600);
    await ask("waits-1", 20);
    const waiting = (what: string) =>
      until(`${what} waits for a lock`, async () => {
        const rows = await db`
          select 1 from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock' and query like ${`%${what}%`} and query not like '%pg_stat%'`;
        return rows.length > 0;
      });
    const other = postgres(url, { max: 1, onnotice: () => {} });
    const [held, set, next] = await other.begin(async (locked) => {
      await locked`select 1 from pawl.account where key like 'tenant/waits/%' for update`;
      const first = ask("waits-2");
      await waiting("waits-2");
      const setting = budgets.set(day, 700);
      await waiting("set_budget");
      return [first, setting, ask("waits-3")].map((promise) => ({ promise }));
    });
    // By the cap of 600, of which 120 were held; then by that of 700, of which nothing is left but 100.
    expect(await held?.promise).toMatchObject({ kind: "held", heldMicroUsd: 480 });
    await set?.promise;
    expect(await next?.promise).toMatchObject({ kind: "denied", leftMicroUsd: 100 });
    await other.end();
  });

  test("L4: accounts in every order of mention don't deadlock", async () => {
    const keys = ["order/a", "order/b", "order/c", "order/d"];
    await Promise.all(
      runs.map(async (run) => {
        const rotated = [...keys.slice(run % 4), ...keys.slice(0, run % 4)];
        const order = run % 2 === 0 ? rotated : rotated.toReversed();
        const accounts = order.map((key) => anAccount(key, 1_000_000));
        const request = anAttempt(`order-${run % 50}`, accounts, { turn: run });
        await ledger().startAttempt(request);
        await (run % 3 === 0
          ? ledger().lose(request.holdId)
          : ledger().settle(aSettlement(request.holdId, 9)));
      }),
    );
    await Promise.all(runs.slice(0, 50).map((run) => ledger().closeRun(`order-${run}`)));
    for (const key of keys) expect(await ledger().account(key)).toMatchObject({ heldMicroUsd: 0 });
  });

  test("L2: one hold is resolved by exactly one of many that try", async () => {
    const request = anAttempt("tug", [anAccount("tug/run", 1000)], { deadAfterMs: 0 });
    await ledger().startAttempt(request);
    const { holdId } = request;
    const won = await Promise.all([
      ...runs
        .slice(0, 20)
        .map(async (run) => (await ledger().settle(aSettlement(holdId, run))).kind === "settled"),
      ...runs.slice(0, 20).map(async () => (await ledger().lose(holdId)) === "lost"),
      ...runs
        .slice(0, 20)
        .map(async () => (await ledger().void(holdId, { sent: true })) === "voided"),
      ...runs.slice(0, 5).map(async () => (await ledger().sweep()) === 1),
    ]);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await ledger().account("tug/run")).toMatchObject({ heldMicroUsd: 0 });
  });

  test("the same request sent many times at once holds once", async () => {
    const request = anAttempt("twins", [anAccount("twins/run", 10_000)]);
    const starts = await Promise.all(runs.slice(0, 50).map(() => ledger().startAttempt(request)));
    expect(new Set(starts.map((start) => JSON.stringify(start))).size).toBe(1);
    expect(await ledger().account("twins/run")).toMatchObject({ heldMicroUsd: 500 });
  });

  test("L5: a reply that is being settled while the next attempt starts is adopted or was late, never bought twice", async () => {
    const accounts = [anAccount("photo/day", 1_000_000)];
    await Promise.all(
      runs.slice(0, 60).map(async (run) => {
        const first = anAttempt(`photo-${run}`, accounts);
        await ledger().startAttempt(first);
        const [settled, second] = await Promise.all([
          ledger().settle(aSettlement(first.holdId, 5)),
          ledger().startAttempt(anAttempt(`photo-${run}`, accounts, { attempt: 2 })),
        ]);
        expect([settled.kind, second.kind]).toEqual(
          settled.kind === "settled" ? ["settled", "journaled"] : ["late", "held"],
        );
      }),
    );
  });

  test("L3: attempts of one run that start and are resolved all at once leave exact balances", async () => {
    const { db } = underTest();
    const accounts = ["crowd/a", "crowd/b", "crowd/c"].map((key) => anAccount(key, 1_000_000));
    await Promise.all(
      runs.map(async (attempt) => {
        const request = anAttempt(`crowd-${attempt % 5}`, accounts, { turn: attempt, attempt });
        await ledger().startAttempt(request);
        await (attempt % 2 === 0
          ? ledger().lose(request.holdId)
          : ledger().settle(aSettlement(request.holdId, 1)));
      }),
    );
    await assertSumsUp(db);
  });
});

function isHeld(start: AttemptStart): start is Extract<AttemptStart, { kind: "held" }> {
  return start.kind === "held";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
