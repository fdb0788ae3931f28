-- Shared caps as the operator sets them, and who each hold was for.
--
-- B1. The cap that holds is the nearest budget that is set, else the worker's, plus what was raised for this
--     very account. It is read in the transaction that holds, once the account is locked.
-- B2. A raise counts once, however often it is repeated, and dies with the period of its account.

create table pawl.budget (
  key text primary key, -- tenant_day/acme; tenant_day alone is for all that have none of their own
  scope text not null check (scope in ('session', 'tenant_day', 'tenant_month', 'global_day')),
  tenant text,
  session text,
  cap_micro_usd pawl.micro_usd, -- null: counted, never denied
  set_at timestamptz not null default clock_timestamp()
);

create table pawl.budget_raise (
  raise_id text primary key,
  account_key text not null,
  added_micro_usd pawl.micro_usd not null,
  raised_at timestamptz not null default clock_timestamp()
);
create index budget_raise_of_account on pawl.budget_raise (account_key);

-- What the worker said at the last call, so that anybody can tell what holds now.
alter table pawl.account
  add given_cap_micro_usd pawl.micro_usd,
  add budget_keys text[] not null default '{}'; -- nearest first
update pawl.account set given_cap_micro_usd = cap_micro_usd where cap_micro_usd is not null;
create index account_of_tenant_day on pawl.account (right(key, 10), key) where limit_name = 'tenant_day';

-- Holds of workers that are older than this have none of the three.
alter table pawl.hold
  add agent text not null default '',
  add session text not null default '',
  add on_day date; -- of the accounts it counts against
create index hold_of_tenant on pawl.hold (tenant, held_at);

create function pawl.nearest_budget(keys text[]) returns pawl.budget language sql stable as $$
  select b from unnest(keys) with ordinality near(key, position)
  join pawl.budget b on b.key = near.key order by near.position limit 1
$$;

create function pawl.raised(of_account text) returns bigint language sql stable as $$
  select least(coalesce(sum(added_micro_usd), 0), 9007199254740991)::bigint
  from pawl.budget_raise where account_key = of_account
$$;

-- Null: no cap, and nothing to raise.
create function pawl.cap_of(of_account text, given_cap bigint, keys text[]) returns bigint language sql stable as $$
  select base + least(pawl.raised(of_account), 9007199254740991 - base)
  from (
    select case when near.key is null then given_cap else near.cap_micro_usd::bigint end as base
    from pawl.nearest_budget(keys) near) set_or_given
  where base is not null
$$;

-- As in 1-ledger.sql, but that the cap is the budgets' where there is one.
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

-- As in 1-ledger.sql, but that the hold says which agent and session it is for, and which day it counts for.
create or replace function pawl.start_attempt(request jsonb) returns jsonb language plpgsql as $$
declare
  own_id constant text := request ->> 'holdId';
  own_call constant text := request ->> 'callKey';
  own_keys constant text[] := array(select given.value ->> 'key'
    from jsonb_array_elements(request -> 'accounts') with ordinality given(value, position)
    group by 1 order by min(given.position));
  fixed constant bigint := request #>> '{worst,fixedMicroUsd}';
  rate constant bigint := request #>> '{worst,replyRate}';
  tokens_min constant bigint := request ->> 'replyTokensMin';
  tokens_max constant bigint := request ->> 'replyTokensMax';
  asked constant bigint := pawl.worst_case(fixed, rate, tokens_min);
  tokens bigint := tokens_max;
  amount bigint;
  left_micro_usd bigint;
  dead text[];
  journaled text;
  own pawl.hold;
begin
  if (fixed >= 0 and rate >= 0 and tokens_min >= 0 and tokens_min <= tokens_max) is not true then
    raise exception 'hold %: the worst case is not a sum of non-negative parts, or min > max', own_id;
  end if;
  -- Exactly the holds that this statement locks: one that is opened a moment later is not ours to charge.
  dead := array_remove(array(select hold_id from pawl.hold
    where run_id = request ->> 'runId' and (state = 'held' or hold_id = own_id)
    order by hold_id for update), own_id);

  select journal into journaled from pawl.reply where call_key = own_call;
  if found then
    return jsonb_build_object('kind', 'journaled', 'reply', journaled) || pawl.call_so_far(own_call);
  end if;

  perform pawl.prepare_accounts(request -> 'accounts', dead);

  -- Read only now: a twin of this request waited for the same accounts.
  select * into own from pawl.hold where hold_id = own_id;
  if own.state = 'held' then return pawl.held(own); end if;
  if own.state is not null then
    raise exception 'hold % was % before: an attempt that is over needs a new hold', own_id, own.state;
  end if;
  -- A zombie that wakes up late must not take its successor for dead.
  if exists (select from pawl.hold where call_key = own_call and attempt > (request ->> 'attempt')::integer) then
    raise exception 'hold %: a later attempt at this call has begun, so this one is over', own_id;
  end if;

  perform pawl.resolve(dead, 'charged', null);
  select min(cap_micro_usd::bigint - held_micro_usd - spent_micro_usd) into left_micro_usd
  from pawl.account where key = any (own_keys);
  if left_micro_usd < asked then
    return pawl.denial(request -> 'accounts', asked) || (pawl.call_so_far(own_call) - 'attempts');
  end if;
  if left_micro_usd < pawl.worst_case(fixed, rate, tokens_max) then
    tokens := (left_micro_usd - fixed) * 1000000 / rate; -- most tokens that the tightest account can pay
  end if;
  amount := pawl.worst_case(fixed, rate, tokens);
  update pawl.account set held_micro_usd = held_micro_usd + amount where key = any (own_keys);
  insert into pawl.hold (hold_id, call_key, run_id, tenant, turn, attempt, model, account_keys,
    reply_tokens, held_micro_usd, dead_after, agent, session, on_day)
  values (own_id, own_call, request ->> 'runId', request ->> 'tenant', (request ->> 'turn')::integer,
    (request ->> 'attempt')::integer, request ->> 'model', own_keys, tokens, amount,
    clock_timestamp() + (request ->> 'deadAfterMs')::bigint * interval '1 millisecond',
    coalesce(request ->> 'agent', ''), coalesce(request ->> 'session', ''), (request ->> 'day')::date)
  returning * into own;
  return pawl.held(own);
end $$;

create function pawl.set_budget(b jsonb) returns void language sql as $$
  insert into pawl.budget (key, scope, tenant, session, cap_micro_usd)
  values (b ->> 'key', b ->> 'scope', b ->> 'tenant', b ->> 'session', (b ->> 'capMicroUsd')::bigint)
  on conflict (key) do update set cap_micro_usd = excluded.cap_micro_usd, set_at = clock_timestamp()
$$;

-- What holds for an account now, whether or not a call has been charged to it yet.
create function pawl.budget_state(given jsonb) returns jsonb language sql stable as $$
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
create function pawl.raise_budget(r jsonb) returns boolean language plpgsql as $$
begin
  if pawl.budget_state(r -> 'account') ->> 'capMicroUsd' is null then return false; end if;
  insert into pawl.budget_raise (raise_id, account_key, added_micro_usd)
  values (r ->> 'raiseId', r #>> '{account,key}', (r ->> 'addedMicroUsd')::bigint)
  on conflict (raise_id) do nothing;
  return true;
end $$;
