-- Money: accounts with a cap, and one hold for each attempt at a model call.
--
-- L1. held + spent + worst case <= cap in every account, or there is no hold: all accounts or none.
-- L2. A hold leaves the state 'held' once. Only start_attempt puts money into held, only resolve takes it out.
-- L3. The balances of an account are the sums over the holds that name it.
-- L4. Hold rows are locked before account rows, each kind in the order of its key: no deadlock.
-- L5. Rows are locked first and read after, each statement on its own snapshot (READ COMMITTED).
--
-- Amounts stay within what a JavaScript number holds exactly; what would not, fails and nothing is held.

create domain pawl.micro_usd as bigint check (value between 0 and 9007199254740991);

create table pawl.account (
  key text primary key,
  limit_name text not null,
  cap_micro_usd pawl.micro_usd, -- as last given; null: counted, never denied
  spent_micro_usd pawl.micro_usd not null default 0,
  held_micro_usd pawl.micro_usd not null default 0
) with (fillfactor = 70); -- rewritten at every call: room for updates in place

create table pawl.hold (
  hold_id text primary key,
  call_key text not null,
  run_id text not null,
  tenant text not null,
  turn integer not null,
  attempt integer not null,
  model text not null, -- as asked; after settle as answered
  account_keys text[] not null,
  reply_tokens bigint not null,
  held_micro_usd pawl.micro_usd not null,
  -- charged: lost, paid in full. voided: sent, provably free. unsent: never left this machine.
  state text not null default 'held' check (state in ('held', 'settled', 'charged', 'voided', 'unsent')),
  spent_micro_usd pawl.micro_usd,
  usage jsonb,
  held_at timestamptz not null default clock_timestamp(),
  dead_after timestamptz not null,
  resolved_at timestamptz,
  check ((state = 'held') = (spent_micro_usd is null))
);
create index hold_of_run on pawl.hold (run_id);
create index hold_of_call on pawl.hold (call_key);
create index hold_open on pawl.hold (dead_after) where state = 'held';
create index hold_by_time on pawl.hold (held_at);

-- The reply journal: what was received and paid, until the run is closed.
create table pawl.reply (
  call_key text primary key,
  run_id text not null,
  hold_id text not null,
  journal text not null
);
create index reply_of_run on pawl.reply (run_id);

create function pawl.worst_case(fixed_micro_usd bigint, reply_rate bigint, reply_tokens bigint)
returns bigint language sql immutable as $$
  select fixed_micro_usd + (reply_tokens * reply_rate + 999999) / 1000000
$$;

create function pawl.lock_accounts(keys text[]) returns void language plpgsql as $$
begin
  perform 1 from pawl.account where key = any (keys) order by key for update;
end $$;

-- Contract: the caller has locked the holds and seen them open. actual null: each costs its full hold.
create function pawl.resolve(hold_ids text[], to_state text, actual_micro_usd bigint)
returns void language plpgsql as $$
declare
  moved_count integer;
begin
  if hold_ids = '{}' then return; end if;
  perform pawl.lock_accounts(array(
    select k from pawl.hold, unnest(account_keys) k where hold_id = any (hold_ids)));
  update pawl.account a
  set held_micro_usd = a.held_micro_usd - moved.held, spent_micro_usd = a.spent_micro_usd + moved.spent
  from (
    select k, sum(held_micro_usd)::bigint as held,
      sum(coalesce(actual_micro_usd, held_micro_usd))::bigint as spent
    from pawl.hold, unnest(account_keys) k where hold_id = any (hold_ids) group by k
  ) moved
  where a.key = moved.k;
  update pawl.hold
  set state = to_state, spent_micro_usd = coalesce(actual_micro_usd, held_micro_usd),
    resolved_at = clock_timestamp()
  where hold_id = any (hold_ids) and state = 'held';
  get diagnostics moved_count = row_count;
  if moved_count <> cardinality(hold_ids) then
    raise exception 'a hold among % was resolved before: nothing is resolved twice', hold_ids;
  end if;
end $$;

create function pawl.call_so_far(of_call text) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'crashTaxMicroUsd', coalesce(sum(spent_micro_usd) filter (where state = 'charged'), 0),
    'attempts', count(*) filter (where state <> 'unsent'))
  from pawl.hold where call_key = of_call
$$;

create function pawl.held(h pawl.hold) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', 'held', 'replyTokens', h.reply_tokens, 'heldMicroUsd', h.held_micro_usd)
    || pawl.call_so_far(h.call_key)
$$;

-- The account that says no. One that waiting can't help comes first, then the order of the request.
create function pawl.denial(accounts jsonb, asked bigint) returns jsonb language sql stable as $$
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

-- Opens the accounts that are new, locks them with those of the dead holds, and takes over today's caps.
create function pawl.prepare_accounts(accounts jsonb, dead text[]) returns void language plpgsql as $$
begin
  insert into pawl.account (key, limit_name)
  select distinct on (1) given ->> 'key', given ->> 'limit'
  from jsonb_array_elements(accounts) given order by 1
  on conflict (key) do nothing;
  perform pawl.lock_accounts(array(
    select given ->> 'key' from jsonb_array_elements(accounts) given
    union select k from pawl.hold, unnest(account_keys) k where hold_id = any (dead)));
  update pawl.account a
  set limit_name = given ->> 'limit', cap_micro_usd = (given ->> 'capMicroUsd')::bigint
  from jsonb_array_elements(accounts) given
  where a.key = given ->> 'key'
    and (a.limit_name, a.cap_micro_usd) is distinct from
      (given ->> 'limit', (given ->> 'capMicroUsd')::bigint);
end $$;

create function pawl.start_attempt(request jsonb) returns jsonb language plpgsql as $$
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
    reply_tokens, held_micro_usd, dead_after)
  values (own_id, own_call, request ->> 'runId', request ->> 'tenant', (request ->> 'turn')::integer,
    (request ->> 'attempt')::integer, request ->> 'model', own_keys, tokens, amount,
    clock_timestamp() + (request ->> 'deadAfterMs')::bigint * interval '1 millisecond')
  returning * into own;
  return pawl.held(own);
end $$;

create function pawl.account_state(a pawl.account) returns jsonb language sql immutable as $$
  select jsonb_build_object('key', a.key, 'limit', a.limit_name, 'spentMicroUsd', a.spent_micro_usd,
    'heldMicroUsd', a.held_micro_usd, 'capMicroUsd', a.cap_micro_usd)
$$;

-- A repeat of the very settlement that was made (its answer was lost) is told so again, and writes nothing.
create function pawl.settle(s jsonb) returns jsonb language plpgsql as $$
declare
  h pawl.hold;
  actual constant bigint := s ->> 'actualMicroUsd';
begin
  select * into h from pawl.hold where hold_id = s ->> 'holdId' for update;
  if h.hold_id is null then
    raise exception 'there is no hold %: nothing to settle', s ->> 'holdId';
  end if;
  if h.state = 'held' then
    perform pawl.put_messages(s -> 'messages', s -> 'links');
    insert into pawl.reply (call_key, run_id, hold_id, journal)
    values (h.call_key, h.run_id, h.hold_id, s ->> 'journal') on conflict (call_key) do nothing;
    perform pawl.resolve(array[h.hold_id], 'settled', actual);
    update pawl.hold set usage = s -> 'usage', model = s ->> 'model' where hold_id = h.hold_id;
  elsif h.state <> 'settled' or h.spent_micro_usd <> actual or not exists (
    select from pawl.reply r where r.hold_id = h.hold_id and r.call_key = h.call_key and r.journal = s ->> 'journal'
  ) then
    return '{"kind": "late"}';
  end if;
  return jsonb_build_object('kind', 'settled', 'accounts', (
    select coalesce(jsonb_agg(pawl.account_state(a) order by array_position(h.account_keys, a.key)), '[]')
    from pawl.account a where a.key = any (h.account_keys)));
end $$;

-- False where the hold was resolved before, or never made.
create function pawl.resolve_one(of_hold text, to_state text, actual bigint) returns boolean language plpgsql as $$
begin
  perform 1 from pawl.hold where hold_id = of_hold and state = 'held' for update;
  if not found then return false; end if;
  perform pawl.resolve(array[of_hold], to_state, actual);
  return true;
end $$;

create function pawl.totals(of_run text) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'spentMicroUsd', coalesce(sum(spent_micro_usd), 0),
    'crashTaxMicroUsd', coalesce(sum(spent_micro_usd) filter (where state = 'charged'), 0),
    'heldMicroUsd', coalesce(sum(held_micro_usd) filter (where state = 'held'), 0),
    'modelAttempts', count(*) filter (where state <> 'unsent'),
    'repliesSettled', count(*) filter (where state = 'settled'))
  from pawl.hold where run_id = of_run
$$;

create function pawl.close_run(of_run text) returns jsonb language plpgsql as $$
begin
  perform pawl.resolve(array(select hold_id from pawl.hold where run_id = of_run and state = 'held'
    order by hold_id for update), 'charged', null);
  delete from pawl.reply where run_id = of_run;
  return pawl.totals(of_run);
end $$;

-- Never waits for a hold that someone else is resolving.
create function pawl.sweep() returns integer language plpgsql as $$
declare
  dead constant text[] := array(select hold_id from pawl.hold
    where state = 'held' and dead_after < clock_timestamp() order by hold_id limit 1000
    for update skip locked);
begin
  perform pawl.resolve(dead, 'charged', null);
  return cardinality(dead);
end $$;
