// L7: roll-ups and tail together are the sums over the calls, whoever rolls up, however often, and how many at once.

import { expect, test } from "@jest/globals";
import { NO_USAGE } from "../../src/domain/usage.ts";
import { openDatabase, type Database } from "../../src/store/database.ts";
import { createLedger } from "../../src/store/ledger.ts";
import { rollUp } from "../../src/store/roll-up.ts";
import { readUsage } from "../../src/store/usage-report.ts";
import { pauseAfter } from "../../src/worker/roll-up.ts";
import { aSettlement, anAttempt } from "../support/attempts.ts";
import { onEachDatabase } from "../support/each-database.ts";

const RUNS = 40;

onEachDatabase((underTest) => {
  const db = () => underTest().db;

  test("L7: while calls are settled and workers roll up, every look finds each settled call once", async () => {
    const ledger = createLedger(db());
    const others = [1, 2, 3].map(() => openDatabase(underTest().url, { connectionsMax: 1 }));
    let settled = 0;
    const over = new AbortController();
    const rolling = others.map(async (other, n) => {
      while (!over.signal.aborted) await rollUp(other, 1 + 3 * n);
    });
    const looking = (async () => {
      while (!over.signal.aborted) {
        const before = settled;
        const { total } = await readUsage(db(), { by: "session" });
        expect(total.calls).toBeGreaterThanOrEqual(before);
        expect(total.calls).toBeLessThanOrEqual(RUNS);
        expect(total).toMatchObject({ runs: total.attempts, spentMicroUsd: 7 * total.calls });
      }
    })();
    for (let n = 0; n < RUNS; n++) {
      const { holdId, ...attempt } = anAttempt(`rolled-${n}`, [], { session: `s${n % 3}` });
      await ledger.startAttempt({ holdId, ...attempt });
      await ledger.settle(aSettlement(holdId, 7, { usage: { ...NO_USAGE, inputTokens: 100 * n } }));
      settled += 1;
    }
    over.abort();
    await Promise.all([...rolling, looking]);
    await Promise.all(others.map((other) => other.end()));

    expect(await sumsOf(db())).toEqual([{ sums: await callsOf(db()), in_tail: expect.anything() }]);
    while ((await rollUp(db())) > 0);
    expect(await sumsOf(db())).toEqual([{ sums: await callsOf(db()), in_tail: 0 }]);
  });

  test("a roll-up that breaks leaves the tail as it was", async () => {
    const ledger = createLedger(db());
    await ledger.startAttempt(anAttempt("broken", []));
    await ledger.settle(aSettlement("broken/1/1", 7));
    const sums = await sumsOf(db());
    await db().script(
      "alter table pawl.usage_session add constraint planted check (calls < 0) not valid",
    );
    await expect(rollUp(db())).rejects.toThrow("planted");
    await db().script("alter table pawl.usage_session drop constraint planted");
    expect(await sumsOf(db())).toEqual(sums);
    expect(await rollUp(db())).toBe(1);
  });
});

test("who finds nothing looks ever more seldom, who finds a lot at once again", () => {
  expect(pauseAfter(20_000, 1000)).toBe(0);
  expect(pauseAfter(1, 30_000)).toBe(1000);
  const idle = [1, 2, 3, 4, 5, 6, 7].reduce((pauses: number[]) => {
    return [...pauses, pauseAfter(0, pauses.at(-1) ?? 0)];
  }, []);
  expect(idle).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

/** By each roll-up that has the column, with what is still in the tail. */
async function sumsOf(db: Database): Promise<readonly object[]> {
  return await db`
    select (select count(*) from pawl.usage_tail) as in_tail, jsonb_build_object(
      'days', (select array[sum(runs), sum(calls), sum(attempts), sum(input_tokens), sum(spent), sum(feared)] from (
        select runs, calls, attempts, input_tokens, spent, feared from pawl.usage_day
        union all select runs, calls, attempts, input_tokens, spent, feared from pawl.usage_tail) d),
      'sessions', (select array[sum(runs), sum(calls), sum(attempts), sum(input_tokens), sum(spent), sum(feared)] from (
        select runs, calls, attempts, input_tokens, spent, feared from pawl.usage_session
        union all select runs, calls, attempts, input_tokens, spent, feared from pawl.usage_tail) s),
      'bands', (select array[sum(calls), sum(input_tokens), sum(spent)] from (
        select calls, input_tokens, spent from pawl.usage_band
        union all select calls, input_tokens, spent from pawl.usage_tail where calls > 0) b)) as sums`;
}

async function callsOf(db: Database): Promise<object> {
  const rows = await db<{ sums: object }>`
    select jsonb_build_object('days', all_of, 'sessions', all_of, 'bands', replies) as sums from (
      select array[count(distinct run_id), count(*) filter (where state = 'settled'), count(*),
          sum(input_tokens), sum(spent), sum(feared)] as all_of,
        array[count(*) filter (where state = 'settled'), sum(input_tokens) filter (where state = 'settled'),
          sum(spent) filter (where state = 'settled')] as replies
      from pawl.call) c`;
  return rows[0]?.sums ?? {};
}
