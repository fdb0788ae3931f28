-- Which accounts a payer's call counts against, and what they say. The run's own account is its row of `run`.

-- Names may hold anything, and no two payers may share a key.
create or replace function pawl.encoded(name text) returns text language sql immutable as $$
  select replace(replace(name, '%', '%25'), '/', '%2F')
$$;

create or replace function pawl.today() returns date language sql stable as $$
  select (now() at time zone 'UTC')::date
$$;

-- The scopes of a payer on a day: the account of each, the budgets that can cap it (nearest first), its end.
create or replace function pawl.scopes_of(of_tenant text, of_session text, on_day date)
returns table (nth integer, scope text, key text, budget_keys text[], period_ends timestamptz)
language sql stable as $$
  select s.*
  from (select pawl.encoded(of_tenant) as t, pawl.encoded(of_session) as n, to_char(on_day, 'YYYY-MM-DD') as d) as names,
  lateral (values
    (1, 'session', 'session/' || t || '/' || n, array['session/' || t || '/' || n, 'session/' || t, 'session'],
      null::timestamptz),
    (2, 'tenant_day', 'tenant/' || t || '/' || d, array['tenant_day/' || t, 'tenant_day'],
      (on_day + 1)::timestamp at time zone 'UTC'),
    (3, 'tenant_month', 'tenant/' || t || '/' || left(d, 7), array['tenant_month/' || t, 'tenant_month'],
      (date_trunc('month', on_day::timestamp) + interval '1 month') at time zone 'UTC'),
    (4, 'global_day', 'global/' || d, array['global_day'], (on_day + 1)::timestamp at time zone 'UTC')
  ) as s(nth, scope, key, budget_keys, period_ends)
$$;

-- The keys alone, those of the shares first: each may or may not have an account.
create or replace function pawl.account_keys(of_tenant text, of_session text, on_day date, shares text[])
returns text[] language sql stable as $$
  select shares || array[
    'session/' || pawl.encoded(of_tenant) || '/' || pawl.encoded(of_session),
    'tenant/' || pawl.encoded(of_tenant) || '/' || to_char(on_day, 'YYYY-MM-DD'),
    'tenant/' || pawl.encoded(of_tenant) || '/' || to_char(on_day, 'YYYY-MM'),
    'global/' || to_char(on_day, 'YYYY-MM-DD')]
$$;

create or replace function pawl.raised(of_account text) returns bigint language plpgsql stable as $$
begin
  return (
  select least(coalesce(sum(added), 0), 9007199254740991)::bigint from pawl.budget_raise where account_key = of_account
  );
end $$;

-- Null: no cap, and nothing to raise.
create or replace function pawl.cap_of(of_account text, budget_keys text[]) returns bigint language plpgsql stable as $$
begin
  return (
  select near.cap + least(pawl.raised(of_account), 9007199254740991 - near.cap)
  from (
    select b.cap::bigint from unnest(budget_keys) with ordinality k(key, nth)
    join pawl.budget b on b.key = k.key order by k.nth limit 1
  ) near
  );
end $$;

create or replace function pawl.utc_text(moment timestamptz) returns text language sql stable as $$
  select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create or replace function pawl.account_state(a pawl.account) returns jsonb language sql stable as $$
  select jsonb_build_object('key', a.key, 'limit', a.scope, 'spentMicroUsd', a.spent, 'heldMicroUsd', a.held,
    'fearedMicroUsd', a.feared, 'capMicroUsd', a.cap)
$$;

-- Of a run and of the accounts that there are, in the order of the keys.
create or replace function pawl.states_of(of_run text, keys text[]) returns jsonb language plpgsql stable as $$
begin
  return (
  select coalesce(jsonb_agg(state order by nth), '[]') from (
    select 0 as nth, jsonb_build_object('key', 'run/' || run_id, 'limit', 'cost', 'spentMicroUsd', spent,
      'heldMicroUsd', held, 'fearedMicroUsd', feared, 'capMicroUsd', cap) as state
    from pawl.run where run_id = of_run
    union all
    select k.nth, pawl.account_state(a) from unnest(keys) with ordinality k(key, nth) join pawl.account a on a.key = k.key
  ) states
  );
end $$;

-- Prompts of about the same length, so that roll-ups can be repriced: the upper end, in tokens.
create or replace function pawl.band_of(prompt_tokens bigint) returns bigint language sql immutable as $$
  select min(band) from unnest(array[0, 500, 1000, 2000, 4000, 8000, 16000, 32000, 50000, 64000, 100000, 128000,
    200000, 400000, 1000000, 9007199254740991]) band where band >= prompt_tokens
$$;
