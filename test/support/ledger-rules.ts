// The rules of money as queries over what is stored, whatever ledger wrote it.

import type { Database } from "../../src/store/database.ts";

/** What each commit put into an account beyond its cap, written down by the database itself from now on. */
export async function watchCaps(db: Database): Promise<void> {
  await db.script(`
    create table if not exists public.passed (key text, committed bigint, cap bigint);
    create or replace function public.look_at_cap() returns trigger language plpgsql as $$
    begin
      if new.cap is not null and new.spent + new.held + new.feared > greatest(new.cap, old.spent + old.held + old.feared) then
        insert into public.passed values (to_jsonb(new) ->> tg_argv[0], new.spent + new.held + new.feared, new.cap);
      end if;
      return null;
    end $$;
    create or replace trigger look_at_cap after update on pawl.account
      for each row execute function public.look_at_cap('key');
    create or replace trigger look_at_cap after update on pawl.run
      for each row execute function public.look_at_cap('run_id');`);
}

/** L1, at every commit since it is watched: what was put in never passed the cap. */
export async function assertNoCapPassed(db: Database): Promise<void> {
  const passed = await db`select * from public.passed`;
  if (passed.length === 0) return;
  throw new Error(`accounts committed more than their cap: ${JSON.stringify(passed)}`);
}

const BALANCES = `
  with entry as (
    select run_id, tenant, session, day, shares, spent, feared, 0 as held from pawl.call
    union all
    select run_id, tenant, session, day, shares, 0, 0, amount from pawl.hold
  ), sums as (
    select key, sum(spent) as spent, sum(feared) as feared, sum(held) as held
    from entry, unnest(array['run/' || run_id] || pawl.account_keys(tenant, session, day, shares)) key group by key
  ), balance as (
    select key, spent, feared, held from pawl.account
    union all
    select 'run/' || run_id, spent, feared, held from pawl.run
  )`;

/** L3: the balances are the sums over holds and calls. */
export async function assertSumsUp(db: Database): Promise<void> {
  const wrong = await select(
    db,
    `${BALANCES}
    select key, b.spent, b.feared, b.held, s.spent as s, s.feared as f, s.held as h
    from balance b left join sums s using (key)
    where (b.spent, b.feared, b.held) is distinct from
      (coalesce(s.spent, 0), coalesce(s.feared, 0), coalesce(s.held, 0))`,
  );
  if (wrong.length > 0) throw new Error(`balances that are no sums: ${JSON.stringify(wrong)}`);
}

const FIGURES = [
  "sum(spent) as spent",
  "sum(feared) as feared",
  "sum(input_tokens) as input",
  "sum(output_tokens) as output",
].join(", ");

/** L7: what was rolled up, and the tail that was not yet, are the sums over the calls. */
export async function assertUsageSumsUp(db: Database): Promise<void> {
  const wrong = await select(
    db,
    `with used as (
      select tenant, day, model, lane, runs, calls, attempts, spent, feared, input_tokens, output_tokens from pawl.usage_day
      union all
      select tenant, day, model, lane, runs, calls, attempts, spent, feared, input_tokens, output_tokens from pawl.usage_tail
    ), rolled as (
      select tenant, day, model, lane, sum(calls) as calls, sum(attempts) as attempts, ${FIGURES}
      from used group by 1, 2, 3, 4
    ), counted as (
      select tenant, day, model, lane, count(*) filter (where state = 'settled') as calls, count(*) as attempts, ${FIGURES}
      from pawl.call group by 1, 2, 3, 4
    )
    select r.tenant, to_jsonb(r) as rolled, to_jsonb(c) as counted
    from rolled r full join counted c using (tenant, day, model, lane) where to_jsonb(r) is distinct from to_jsonb(c)`,
  );
  if (wrong.length > 0) throw new Error(`usage that is no sum: ${JSON.stringify(wrong)}`);
  const runs = await select(
    db,
    `select (select coalesce(sum(runs), 0) from pawl.usage_tail) + (select coalesce(sum(runs), 0) from pawl.usage_day) as counted,
      (select count(distinct run_id) from pawl.call) as there`,
  );
  const [sum] = runs as readonly { readonly counted: unknown; readonly there: unknown }[];
  if (String(sum?.counted) !== String(sum?.there)) {
    throw new Error(`runs that are counted otherwise: ${JSON.stringify(runs)}`);
  }
}

export async function assertAtRest(db: Database): Promise<void> {
  const held = await db`
    select key from pawl.account where held <> 0
    union all select run_id from pawl.run where held <> 0
    union all select hold_id from pawl.hold`;
  if (held.length > 0) throw new Error(`held at rest: ${JSON.stringify(held)}`);
}

/** L2: who was told that a hold was settled, lost or voided was told the truth, for good. */
export async function assertResolvedAs(db: Database, holdId: string, told: string): Promise<void> {
  const rows = await db<{ readonly state: string }>`
    select state from pawl.call where hold_id = ${holdId}
    union all select 'held' from pawl.hold where hold_id = ${holdId}`;
  // Of what never left the machine nothing is kept.
  const [state = "voided", ...more] = rows.map((row) => row.state);
  if (state !== told || more.length > 0) {
    throw new Error(`${holdId} was said to be ${told} and is ${[state, ...more].join(", ")}`);
  }
}

/** Nothing of what was before is left. */
export async function clearMoney(db: Database): Promise<void> {
  await db.script(`
    truncate pawl.account, pawl.run, pawl.hold, pawl.call, pawl.release, pawl.reply, pawl.ended_attempt, pawl.budget, pawl.budget_raise,
      pawl.usage_tail, pawl.usage_day, pawl.usage_session, pawl.lane_call, pawl.lease;
    do $$ begin if to_regclass('public.passed') is not null then truncate public.passed; end if; end $$`);
}

async function select(db: Database, text: string): Promise<readonly object[]> {
  const strings = Object.assign([text], { raw: [text] });
  return await db<object>(strings);
}
