// Usage is the sum over all attempts, however it is grouped and however much of it is rolled up.

import { describe, expect, test } from "@jest/globals";
import type { Lane } from "../../src/domain/call.ts";
import { NO_USAGE, type Usage } from "../../src/domain/usage.ts";
import { PROMPT_BANDS } from "../../src/domain/what-if.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { rollUp } from "../../src/store/roll-up.ts";
import type { Database } from "../../src/store/database.ts";
import {
  readCalls,
  readUsage,
  USAGE_BY,
  type RecordedCalls,
  type UsageBy,
} from "../../src/store/usage-report.ts";
import { aSettlement, anAccount, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

const TENANTS = ["acme", "beta"] as const;
const STATES = ["settled", "lost", "voided", "unsent", "held"] as const;
const SHARED_CAP = 1_000_000_000;

interface Made extends Readonly<Record<Exclude<UsageBy, "model" | "lane">, string>> {
  readonly lane: Lane;
  readonly model: string;
  readonly state: (typeof STATES)[number];
  readonly spent: number;
  readonly feared: number;
  readonly held: number;
  readonly usage: Usage | null;
}

/** Every combination of names with every end of an attempt, each with amounts of its own. */
const MADE: readonly Made[] = Array.from({ length: 60 }, (_, n): Made => {
  const tenant = TENANTS[n % 2] ?? "acme";
  const state = STATES[n % 5] ?? "held";
  const usage = {
    inputTokens: 100 + n,
    cacheReadTokens: n % 7,
    cacheWrite5mTokens: n % 3,
    cacheWrite1hTokens: n % 2,
    outputTokens: 10 + n,
    webSearchRequests: n % 4 === 0 ? 1 : 0,
  };
  return {
    run: `usage-${n}`,
    tenant,
    session: `s${n % 3}`,
    agent: `agent-${n % 4}`,
    day: n % 6 < 3 ? "2026-11-20" : "2026-11-21",
    lane: n % 7 === 0 ? "batch" : "live",
    model: state === "settled" && n % 4 > 1 ? "claude-haiku-5-5" : "claude-sonnet-5-5",
    state,
    spent: { settled: 111 + n, lost: 20 + n, voided: 0, unsent: 0, held: 0 }[state],
    feared: state === "lost" ? 300 : 0,
    held: state === "held" ? 500 : 0,
    usage: state === "settled" ? usage : null,
  };
});

/** What never left the machine is no attempt. */
const SENT = MADE.filter(({ state }) => state !== "unsent");
const HELD = MADE.filter(({ state }) => state === "held");

onEachDatabase((underTest) => {
  const db = () => underTest().db;

  test("the attempts are made", async () => {
    const ledger = createLedger(db());
    for (const { run, tenant, session, agent, day, model, lane, ...made } of MADE) {
      const shares = [anAccount("all", SHARED_CAP)];
      const payer = { tenant, session, agent, shares };
      await ledger.startAttempt({ ...anAttempt(run, shares), payer, day, lane });
      const { state, spent, feared, usage } = made;
      const holdId = `${run}/1/1`;
      if (state === "settled") {
        await ledger.settle(aSettlement(holdId, spent, { model, usage: usage ?? NO_USAGE }));
      } else if (state === "lost") {
        await ledger.lose(holdId, { spentMicroUsd: spent, fearedMicroUsd: feared });
      } else if (state !== "held") await ledger.void(holdId, { sent: state === "voided" });
    }
  });

  describe.each([
    ["in the tail", 0],
    ["rolled up in part", 9],
    ["rolled up", 1000],
  ])("%s", (_stage, rows) => {
    test("so far", async () => {
      const left = SENT.length - HELD.length - (rows > 9 ? 9 : 0);
      expect(await rollUp(db(), rows)).toBe(Math.min(rows, left));
    });
    tellsAll(db);
  });
});

/** The same at each stage. */
function tellsAll(db: () => Database): void {
  test.each(USAGE_BY)("by %s it is the sum of the attempts that have the name", async (by) => {
    for (const tenant of [undefined, ...TENANTS]) {
      const of = SENT.filter((made) => tenant === undefined || made.tenant === tenant);
      const names = ["run", "session", "tenant"].includes(by)
        ? of.map((made) => `${made.tenant}/${made[by]}`)
        : of.map((made) => made[by]);
      const whose = tenant === undefined ? {} : { tenant };
      const { rows, more, total } = await readUsage(db(), { by, limit: 1000, ...whose });
      const found = rows.map((row) =>
        row.tenant === null ? row.name : `${row.tenant}/${row.name}`,
      );
      expect(found.toSorted()).toEqual([...new Set(names)].toSorted());
      for (const [index, row] of rows.entries()) {
        const { name: _name, tenant: _tenant, ...figures } = row;
        expect(figures).toEqual(sumOf(of.filter((_, at) => names[at] === found[index])));
      }
      expect(total).toEqual(sumOf(of));
      expect(more).toBe(0);
    }
  });

  test("a limit leaves out the cheapest, and the total counts them", async () => {
    const { rows, more, total } = await readUsage(db(), { by: "run", limit: 7 });
    const dearest = SENT.map(({ spent, feared }) => spent + feared).toSorted((a, b) => b - a);
    const found = rows.map(({ spentMicroUsd, fearedMicroUsd }) => spentMicroUsd + fearedMicroUsd);
    expect(found).toEqual(dearest.slice(0, 7));
    expect(more).toBe(SENT.length - 7);
    expect(total).toEqual(sumOf(SENT));
  });

  test("of sessions the dearest come first too", async () => {
    const all = await readUsage(db(), { by: "session" });
    const { rows, more } = await readUsage(db(), { by: "session", limit: 2 });
    expect([rows, more]).toEqual([all.rows.slice(0, 2), all.rows.length - 2]);
    const cost = all.rows.map((row) => row.spentMicroUsd + row.fearedMicroUsd);
    expect(cost).toEqual(cost.toSorted((a, b) => b - a));
  });

  test("days come with the newest first", async () => {
    const { rows } = await readUsage(db(), { by: "day" });
    expect(rows.map(({ name }) => name)).toEqual(["2026-11-21", "2026-11-20"]);
  });

  test.each(USAGE_BY)("by %s, the day that is asked for counts from its beginning", async (by) => {
    const since = new Date("2026-11-21T15:00:00Z");
    const { total } = await readUsage(db(), { by, since });
    expect(total).toEqual(sumOf(SENT.filter(({ day }) => day === "2026-11-21")));
    const after = await readUsage(db(), { by, since: new Date("2026-11-22T00:00:00Z") });
    // Runs and sessions with open calls are always shown.
    const open = by === "run" ? HELD.length : 0;
    expect(after).toMatchObject({ more: 0, total: sumOf([]) });
    expect(after.rows).toHaveLength(open);
  });

  test("of nothing it is nothing", async () => {
    const { rows, more, total } = await readUsage(db(), { by: "model", tenant: "nobody" });
    expect([rows, more, total]).toEqual([[], 0, sumOf([])]);
  });

  test("the total is the balance of the account that all attempts counted against", async () => {
    const { total } = await readUsage(db(), { by: "tenant" });
    expect(await createLedger(db()).account("all")).toMatchObject({
      spentMicroUsd: total.spentMicroUsd,
      heldMicroUsd: total.heldMicroUsd,
      fearedMicroUsd: total.fearedMicroUsd,
    });
  });

  test("recorded calls are the replies, by model and length of prompt, and what was paid for them", async () => {
    const settled = SENT.filter(({ tenant, usage }) => tenant === "beta" && usage !== null);
    const calls = await readCalls(db(), { tenant: "beta" });
    const sum = (amount: (call: RecordedCalls) => number): number =>
      calls.reduce((so, call) => so + amount(call), 0);
    expect(calls.map(({ model }) => model).toSorted()).toEqual(
      [...new Set(settled.map(({ model }) => model))].toSorted(),
    );
    expect(calls.map(({ promptTokensMax }) => promptTokensMax)).toEqual(calls.map(() => 500));
    expect(sum(({ count }) => count)).toBe(settled.length);
    expect(sum(({ paidMicroUsd }) => paidMicroUsd)).toBe(
      settled.reduce((so, { spent }) => so + spent, 0),
    );
    expect(sum(({ tokens }) => tokens.inputTokens)).toBe(
      settled.reduce((so, { usage }) => so + (usage?.inputTokens ?? 0), 0),
    );
  });
}

onEachDatabase((underTest) => {
  const db = () => underTest().db;

  test("a run counts where its first call does, once", async () => {
    const ledger = createLedger(db());
    const start = async (turn: number, model: string, day: string): Promise<string> => {
      await ledger.startAttempt({ ...anAttempt("long", [], { turn, tenant: "one" }), model, day });
      return `long/${turn}/1`;
    };
    const runs = async () => {
      const { rows } = await readUsage(db(), { by: "model", tenant: "one" });
      return Object.fromEntries(rows.map((row) => [row.name, row.runs]));
    };
    const first = await start(1, "first", "2026-11-20");
    expect(await runs()).toEqual({ first: 1 });
    await ledger.settle(aSettlement(first, 1, { model: "first" }));
    const second = await start(2, "second", "2026-11-21");
    expect(await runs()).toEqual({ first: 1, second: 0 });
    await rollUp(db());
    await ledger.settle(aSettlement(second, 1, { model: "second" }));
    expect(await runs()).toEqual({ first: 1, second: 0 });
  });

  test("what is released moves from feared to spent", async () => {
    const ledger = createLedger(db());
    await ledger.startAttempt(anAttempt("released", [], { tenant: "two" }));
    await ledger.lose("released/1/1");
    await rollUp(db());
    const figures = async () => {
      const { rows } = await readUsage(db(), { by: "session", tenant: "two" });
      return rows.map(({ spentMicroUsd, fearedMicroUsd }) => [spentMicroUsd, fearedMicroUsd]);
    };
    expect(await figures()).toEqual([[0, 500]]);
    const release = { actualMicroUsd: 123, by: "somebody", why: "the bill says so" };
    await ledger.settleFeared({ ...release, holdIds: ["released/1/1"] });
    expect(await figures()).toEqual([[123, 0]]);
    await rollUp(db());
    expect(await figures()).toEqual([[123, 0]]);
  });

  test("bands of prompts are those that a routing can be told by", async () => {
    const ends = PROMPT_BANDS.map((end) => ({ end }));
    const rows = await db()<{ end: number; at: number; behind: number }>`
      select e.end, pawl.band_of(e.end) as at, pawl.band_of(e.end + 1) as behind
      from jsonb_to_recordset(${{ json: ends }}) as e("end" bigint) order by 1`;
    expect(rows.map(({ at }) => at)).toEqual(PROMPT_BANDS);
    expect(rows.slice(0, -1).map(({ behind }) => behind)).toEqual(PROMPT_BANDS.slice(1));
  });
});

function sumOf(of: readonly Made[]): object {
  const sum = (amount: (made: Made) => number): number =>
    of.reduce((so, made) => so + amount(made), 0);
  const tokens = (kind: keyof Usage): number => sum(({ usage }) => usage?.[kind] ?? 0);
  const prompt =
    tokens("inputTokens") +
    tokens("cacheReadTokens") +
    tokens("cacheWrite5mTokens") +
    tokens("cacheWrite1hTokens");
  return {
    runs: new Set(of.map(({ run }) => run)).size,
    calls: sum(({ state }) => (state === "settled" ? 1 : 0)),
    attempts: of.length,
    tokens: {
      inputTokens: tokens("inputTokens"),
      cacheReadTokens: tokens("cacheReadTokens"),
      cacheWrite5mTokens: tokens("cacheWrite5mTokens"),
      cacheWrite1hTokens: tokens("cacheWrite1hTokens"),
      outputTokens: tokens("outputTokens"),
      webSearchRequests: tokens("webSearchRequests"),
    },
    spentMicroUsd: sum(({ spent }) => spent),
    fearedMicroUsd: sum(({ feared }) => feared),
    heldMicroUsd: sum(({ held }) => held),
    cacheRatio: prompt === 0 ? null : tokens("cacheReadTokens") / prompt,
  };
}
