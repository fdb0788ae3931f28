-- One batch of what workers book: holds that are asked for, calls that are resumed, holds that end. What ends
-- comes first, then the asks in their order. Each statement reads what the ones before it have locked (L4, L5).

-- Contract: of a run there is one ask at most. `answers` has one for each item, in its place.
-- Every row is found by its key, however small the tables were when a session first made its plans.
create or replace function pawl.book(batch jsonb) returns jsonb language plpgsql
set plan_cache_mode = force_generic_plan
set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  answers jsonb[] := array_fill(null::jsonb, array[jsonb_array_length(batch)]);
  has_asks constant boolean := batch @? '$[*] ? (@.op != "close")';
  has_closes constant boolean := batch @? '$[*] ? (@.op == "close")';
  locked record;
  closes pawl.call[] := '{}';
  dead pawl.call[] := '{}';
  granted pawl.hold[];
  told record;
begin
  -- Who changes budgets waits until nobody books, and nobody books while they do (B1).
  lock table pawl.hold in row exclusive mode;
  select * into locked from pawl.lock_batch(batch, has_asks);
  if has_closes then
    closes := pawl.closes_in(batch, locked.holds);
    perform pawl.journal_replies(batch, closes);
  end if;
  if has_asks then
    for told in select * from pawl.verdicts(batch, closes) loop
      answers[told.place] := told.answer;
    end loop;
    dead := pawl.dead_holds(batch, answers, locked.holds, closes);
  end if;
  closes := closes || dead;
  perform pawl.write_closes(closes);
  select d.answers, d.granted into answers, granted from pawl.decide(batch, locked.keys, closes, answers) d;
  perform pawl.write_grants(batch, granted);
  if has_closes then
    for told in select * from pawl.close_answers(batch, closes) loop
      answers[told.place] := told.answer;
    end loop;
  end if;
  return to_jsonb(answers);
end $$;

-- As `book`, but that rows are free before the disk answers: the batch is committed without waiting for it, and
-- then an empty message whose commit waits. WAL is one sequence, so what others built on our balances
-- meanwhile is never kept without it; and nobody hears an answer before (L6).
create or replace procedure pawl.book_durably(batch jsonb, inout answers jsonb) language plpgsql as $$
declare
  as_set constant text := current_setting('synchronous_commit');
begin
  perform set_config('synchronous_commit', 'off', true);
  answers := pawl.book(batch);
  commit;
  perform set_config('synchronous_commit', case as_set when 'off' then 'on' else as_set end, true);
  perform pg_logical_emit_message(true, 'pawl', '');
end $$;

create or replace function pawl.asks_in(batch jsonb)
returns table (place bigint, op text, hold_id text, call_key text, run_id text, attempt integer, lease_id text,
  tenant text, session text, agent text, share_list jsonb, shares text[], run_cap bigint, day date, model text,
  lane text, fixed bigint, rate bigint, tokens_min bigint, tokens_max bigint, dead_after_ms bigint)
language sql stable as $$
  select place, item ->> 'op', item ->> 'holdId', item ->> 'callKey', item ->> 'runId',
    (item ->> 'attempt')::integer, item ->> 'leaseId', item ->> 'tenant', item ->> 'session', item ->> 'agent',
    item -> 'shares',
    -- One without a cap is counted by its runs.
    array(select share.value ->> 'key' from jsonb_array_elements(item -> 'shares') with ordinality share(value, nth)
      where share.value ->> 'capMicroUsd' is not null group by 1 order by min(share.nth)),
    (item ->> 'runCapMicroUsd')::bigint, coalesce((item ->> 'day')::date, pawl.today()), item ->> 'model',
    item ->> 'lane', (item #>> '{worst,fixedMicroUsd}')::bigint, (item #>> '{worst,replyRate}')::bigint,
    (item ->> 'replyTokensMin')::bigint, (item ->> 'replyTokensMax')::bigint, (item ->> 'deadAfterMs')::bigint
  from jsonb_array_elements(batch) with ordinality items(item, place)
  where item ->> 'op' <> 'close'
$$;

-- The shares that have a cap: of those that several asks name, as the last one has it that has any.
create or replace function pawl.shares_in(batch jsonb) returns table (key text, scope text, cap bigint)
language sql stable as $$
  select distinct on (1) share ->> 'key', share ->> 'limit', (share ->> 'capMicroUsd')::bigint
  from pawl.asks_in(batch) a, jsonb_array_elements(a.share_list) share
  where a.op = 'hold' and share ->> 'capMicroUsd' is not null order by 1, a.place desc
$$;

-- Locks the holds that end and those of runs that ask, then runs, then accounts; opens what is not there yet.
-- A hold that is opened a moment later by somebody else is not ours to end, and not among `holds`.
create or replace function pawl.lock_batch(batch jsonb, has_asks boolean, out holds text[], out keys text[]) language plpgsql as $$
declare
  closing constant text[] := array(select item ->> 'holdId' from jsonb_array_elements(batch) item
    where item ->> 'op' = 'close');
  runs text[] := array(select item ->> 'runId' from jsonb_array_elements(batch) item where item ->> 'op' <> 'close');
begin
  if cardinality(runs) <> (select count(distinct run_id) from unnest(runs) run_id) then
    raise exception 'two asks of one run in a batch';
  end if;
  holds := array(select hold_id from pawl.hold where hold_id = any (closing) or run_id = any (runs)
    order by hold_id for update);

  if has_asks then perform pawl.open_runs(batch); end if;
  runs := runs || array(select run_id from pawl.hold where hold_id = any (holds));
  perform 1 from pawl.run where run_id = any (runs) order by run_id for update;

  if has_asks then perform pawl.open_accounts(batch); end if;
  keys := array(
    select key from pawl.asks_in(batch) a, unnest(pawl.account_keys(a.tenant, a.session, a.day, a.shares)) key
    where a.op = 'hold'
    union
    select key from pawl.hold h, unnest(pawl.account_keys(h.tenant, h.session, h.day, h.shares)) key
    where h.hold_id = any (holds));
  keys := array(select key from pawl.account where key = any (keys) order by key for update);
  if batch @? '$[*].shares[*]' then
    update pawl.account a set cap = s.cap from pawl.shares_in(batch) s where a.key = s.key and a.cap::bigint <> s.cap;
  end if;
end $$;

create or replace function pawl.open_runs(batch jsonb) returns void language plpgsql as $$
begin
  insert into pawl.run (run_id, tenant, session, agent, cap)
  select a.run_id, a.tenant, a.session, a.agent, a.run_cap from pawl.asks_in(batch) a
  where a.op = 'hold' and not exists (select from pawl.run r where r.run_id = a.run_id)
  order by a.run_id on conflict do nothing;
end $$;

-- With nothing in them: whoever sets a cap opens the accounts that have something (write_caps_through).
create or replace function pawl.open_accounts(batch jsonb) returns void language plpgsql as $$
begin
  with wanted as materialized (
    select distinct on (s.key) s.key, s.scope, s.budget_keys, s.period_ends
    from pawl.asks_in(batch) a, pawl.scopes_of(a.tenant, a.session, a.day) s
    where a.op = 'hold' and s.scope in (select scope from pawl.budget where cap is not null)
  ), missing as (
    select w.key, w.scope, pawl.cap_of(w.key, w.budget_keys) as cap, w.budget_keys, w.period_ends
    from wanted w where not exists (select from pawl.account a where a.key = w.key)
    union all
    -- The cap of a share is part of an order: no budget overrides it.
    select s.key, s.scope, s.cap, '{}', null from pawl.shares_in(batch) s
    where not exists (select from pawl.account known where known.key = s.key)
  )
  insert into pawl.account (key, scope, cap, budget_keys, period_ends)
  select * from missing where cap is not null order by key
  on conflict do nothing;
end $$;
