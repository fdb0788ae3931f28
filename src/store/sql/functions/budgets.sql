-- Budgets: the cap that holds now (B1, B2 in tables/02-budgets.sql).

create or replace function pawl.nearest_budget(keys text[]) returns pawl.budget language sql stable as $$
  select b from unnest(keys) with ordinality near(key, position)
  join pawl.budget b on b.key = near.key order by near.position limit 1
$$;

create or replace function pawl.raised(of_account text) returns bigint language sql stable as $$
  select least(coalesce(sum(added_micro_usd), 0), 9007199254740991)::bigint
  from pawl.budget_raise where account_key = of_account
$$;

-- Null: no cap, and nothing to raise.
create or replace function pawl.cap_of(of_account text, given_cap bigint, keys text[]) returns bigint language sql stable as $$
  select base + least(pawl.raised(of_account), 9007199254740991 - base)
  from (
    select case when near.key is null then given_cap else near.cap_micro_usd::bigint end as base
    from pawl.nearest_budget(keys) near) set_or_given
  where base is not null
$$;

create or replace function pawl.set_budget(b jsonb) returns void language sql as $$
  insert into pawl.budget (key, scope, tenant, session, cap_micro_usd)
  values (b ->> 'key', b ->> 'scope', b ->> 'tenant', b ->> 'session', (b ->> 'capMicroUsd')::bigint)
  on conflict (key) do update set cap_micro_usd = excluded.cap_micro_usd, set_at = clock_timestamp()
$$;

-- What holds for an account now, whether or not a call has been charged to it yet.
create or replace function pawl.budget_state(given jsonb) returns jsonb language sql stable as $$
  with said as (
    select given ->> 'key' as key, array(select jsonb_array_elements_text(given -> 'budgets')) as keys
  ), known as (
    -- The worker's word is nearer to the truth than that of who asks.
    select said.key, said.keys, a.spent_micro_usd as spent, a.held_micro_usd as held,
      case when a.key is null then (given ->> 'capMicroUsd')::bigint else a.given_cap_micro_usd::bigint end as given_cap
    from said left join pawl.account a on a.key = said.key
  )
  select jsonb_build_object(
    'key', key, 'limit', given ->> 'limit', 'capMicroUsd', pawl.cap_of(key, given_cap, keys),
    'spentMicroUsd', coalesce(spent, 0), 'heldMicroUsd', coalesce(held, 0),
    'raisedMicroUsd', pawl.raised(key), 'budget', (pawl.nearest_budget(keys)).key,
    'resetsAt', given -> 'resetsAt')
  from known
$$;

-- False where the account has no cap: then nothing was raised.
create or replace function pawl.raise_budget(r jsonb) returns boolean language plpgsql as $$
begin
  if pawl.budget_state(r -> 'account') ->> 'capMicroUsd' is null then return false; end if;
  insert into pawl.budget_raise (raise_id, account_key, added_micro_usd)
  values (r ->> 'raiseId', r #>> '{account,key}', (r ->> 'addedMicroUsd')::bigint)
  on conflict (raise_id) do nothing;
  return true;
end $$;
