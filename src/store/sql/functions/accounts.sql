-- Accounts: what a cap bounds. The rules L1–L5 are in tables/01-money.sql.

create or replace function pawl.worst_case(fixed_micro_usd bigint, reply_rate bigint, reply_tokens bigint)
returns bigint language sql immutable as $$
  select fixed_micro_usd + (reply_tokens * reply_rate + 999999) / 1000000
$$;

create or replace function pawl.lock_accounts(keys text[]) returns void language plpgsql as $$
begin
  perform 1 from pawl.account where key = any (keys) order by key for update;
end $$;

-- The account that says no. One that waiting can't help comes first, then the order of the request.
create or replace function pawl.denial(accounts jsonb, asked bigint) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'kind', 'denied', 'limit', a.limit_name, 'account', a.key, 'askedMicroUsd', asked,
    'leftMicroUsd', a.cap_micro_usd::bigint - a.held_micro_usd - a.spent_micro_usd,
    'spentMicroUsd', a.spent_micro_usd, 'capMicroUsd', a.cap_micro_usd,
    'temporary', a.spent_micro_usd + asked <= a.cap_micro_usd, 'resetsAt', given.value -> 'resetsAt')
  from jsonb_array_elements(accounts) with ordinality given(value, position)
  join pawl.account a on a.key = given.value ->> 'key'
  where a.held_micro_usd + a.spent_micro_usd + asked > a.cap_micro_usd
  order by a.spent_micro_usd + asked <= a.cap_micro_usd, given.position
  limit 1
$$;

-- Opens the accounts that are new, locks them with those of the dead holds, and takes over the caps of today:
-- the budgets' where there is one, else the worker's.
create or replace function pawl.prepare_accounts(accounts jsonb, dead text[]) returns void language plpgsql as $$
begin
  insert into pawl.account (key, limit_name)
  select distinct on (1) given ->> 'key', given ->> 'limit'
  from jsonb_array_elements(accounts) given order by 1
  on conflict (key) do nothing;
  perform pawl.lock_accounts(array(
    select given ->> 'key' from jsonb_array_elements(accounts) given
    union select k from pawl.hold, unnest(account_keys) k where hold_id = any (dead)));
  update pawl.account a
  set limit_name = now.limit_name, given_cap_micro_usd = now.given_cap, budget_keys = now.keys,
    cap_micro_usd = now.cap
  from (
    select distinct on (key) key, limit_name, given_cap, keys, pawl.cap_of(key, given_cap, keys) as cap
    from (
      select given ->> 'key' as key, given ->> 'limit' as limit_name,
        (given ->> 'capMicroUsd')::bigint as given_cap,
        array(select jsonb_array_elements_text(given -> 'budgets')) as keys
      from jsonb_array_elements(accounts) given) said
  ) now
  where a.key = now.key
    and (a.limit_name, a.given_cap_micro_usd::bigint, a.budget_keys, a.cap_micro_usd::bigint)
      is distinct from (now.limit_name, now.given_cap, now.keys, now.cap);
end $$;

create or replace function pawl.account_state(a pawl.account) returns jsonb language sql immutable as $$
  select jsonb_build_object('key', a.key, 'limit', a.limit_name, 'spentMicroUsd', a.spent_micro_usd,
    'heldMicroUsd', a.held_micro_usd, 'capMicroUsd', a.cap_micro_usd)
$$;
