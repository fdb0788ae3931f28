// Usage is the sum over what was charged, however it is grouped.

import { describe, expect, test } from "@jest/globals";
import type { Lane } from "../../src/domain/call.ts";
import { NO_USAGE, type Usage } from "../../src/domain/usage.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { readCalls, readUsage, USAGE_BY, type UsageBy } from "../../src/store/usage-report.ts";
import { aSettlement, anAccount, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

const TENANTS = ["acme", "beta"] as const;
const STATES = ["settled", "lost", "voided", "unsent", "held"] as const;

interface Made extends Readonly<Record<Exclude<UsageBy, "lane">, string>> {
  readonly lane: Lane;
  readonly state: (typeof STATES)[number];
  readonly spent: number;
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
  const spent = { settled: 111 + n, lost: 500, voided: 0, unsent: 0, held: 0 }[state];
  return {
    run: `usage-${n}`,
    tenant,
    session: `s${n % 3}`,
    agent: `agent-${n % 4}`,
    day: n % 6 < 3 ? "2026-11-20" : "2026-11-21",
    lane: n % 7 === 0 ? "batch" : "live",
    model: state === "settled" && n % 4 > 1 ? "claude-haiku-5-5" : "claude-sonnet-5-5",
    state,
    spent,
    held: state === "held" ? 500 : 0,
    usage: state === "settled" ? usage : null,
  };
});

/** Of what never left the machine nothing is kept. */
const KEPT = MADE.filter(({ state }) => state !== "unsent");

onEachDatabase((underTest) => {
  const db = () => underTest().db;

  test("the attempts are made", async () => {
    const ledger = createLedger(db());
    for (const made of MADE) {
      const { run, tenant, session, agent, day, model, lane, state, spent, usage } = made;
      const payer = { tenant, session, agent, shares: [anAccount("all", 1_000_000)] };
      await ledger.startAttempt(anAttempt(run, [], { payer, day, lane }));
      const holdId = `${run}/1/1`;
      if (state === "settled") {
        await ledger.settle(aSettlement(holdId, spent, { model, usage: usage ?? NO_USAGE }));
      } else if (state === "lost") await ledger.lose(holdId);
      else if (state !== "held") await ledger.void(holdId, { sent: state === "voided" });
    }
  });

  test.each(USAGE_BY)("by %s it is the sum of the attempts that have the name", async (by) => {
    for (const tenant of [undefined, ...TENANTS]) {
      const of = KEPT.filter((made) => tenant === undefined || made.tenant === tenant);
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
    const dearest = KEPT.map(({ spent }) => spent).toSorted((a, b) => b - a);
    expect(rows.map(({ spentMicroUsd }) => spentMicroUsd)).toEqual(dearest.slice(0, 7));
    expect(more).toBe(KEPT.length - 7);
    expect(total).toEqual(sumOf(KEPT));
  });

  test("days come with the newest first", async () => {
    const { rows } = await readUsage(db(), { by: "day" });
    expect(rows.map(({ name }) => name)).toEqual(["2026-11-21", "2026-11-20"]);
  });

  test("what is older than asked for is left out", async () => {
    const since = new Date("2026-11-21T15:00:00Z");
    const { total } = await readUsage(db(), { by: "day", since });
    expect(total).toEqual(sumOf(KEPT.filter(({ day }) => day === "2026-11-21")));
  });

  test("of nothing it is nothing", async () => {
    const { rows, more, total } = await readUsage(db(), { by: "model", tenant: "nobody" });
    expect([rows, more, total]).toEqual([[], 0, sumOf([])]);
  });

  test("the total is the balance of the account that all attempts counted against", async () => {
    const { total } = await readUsage(db(), { by: "tenant" });
    expect(await createLedger(db()).account("all")).toMatchObject({
      spentMicroUsd: total.spentMicroUsd - total.crashTaxMicroUsd,
      fearedMicroUsd: total.crashTaxMicroUsd,
      heldMicroUsd: total.heldMicroUsd,
    });
  });

  describe("recorded calls", () => {
    test("are the replies, alike ones together, with what was paid for them", async () => {
      const settled = MADE.filter(({ tenant, usage }) => tenant === "beta" && usage !== null);
      const calls = await readCalls(db(), { tenant: "beta" });
      expect(calls.map(({ count }) => count)).toEqual(settled.map(() => 1));
      expect(calls.reduce((sum, { paidMicroUsd }) => sum + paidMicroUsd, 0)).toBe(
        settled.reduce((sum, { spent }) => sum + spent, 0),
      );
      const tokens = calls.map((call) => call.tokens.inputTokens).toSorted((a, b) => a - b);
      expect(tokens).toEqual(settled.map(({ usage }) => usage?.inputTokens));
    });
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
    crashTaxMicroUsd: sum(({ state, spent }) => (state === "lost" ? spent : 0)),
    heldMicroUsd: sum(({ held }) => held),
    cacheRatio: prompt === 0 ? null : tokens("cacheReadTokens") / prompt,
  };
}
