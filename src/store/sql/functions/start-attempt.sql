-- Holds the worst case in every account, or says which one denies it. Dead holds of the run are charged first;
-- `alive`: an earlier attempt at this call is at work, and nothing is done.
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
  open_ids text[];
  dead text[];
  journaled text;
  living jsonb;
  own pawl.hold;
begin
  if (fixed >= 0 and rate >= 0 and tokens_min >= 0 and tokens_min <= tokens_max) is not true then
    raise exception 'hold %: the worst case is not a sum of non-negative parts, or min > max', own_id;
  end if;
  -- Exactly the holds that this statement locks: one that is opened a moment later is not ours to charge.
  open_ids := array_remove(array(select hold_id from pawl.hold
    where run_id = request ->> 'runId' and (state = 'held' or hold_id = own_id)
    order by hold_id for update), own_id);

  select journal into journaled from pawl.reply where call_key = own_call;
  if found then
    return jsonb_build_object('kind', 'journaled', 'reply', journaled) || pawl.call_so_far(own_call);
  end if;
  living := pawl.living_attempt(own_call, (request ->> 'attempt')::integer);
  if living is not null then return living; end if;
  dead := pawl.dead_among(open_ids);

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
    reply_tokens, held_micro_usd, dead_after, agent, session, on_day, lease_id)
  values (own_id, own_call, request ->> 'runId', request ->> 'tenant', (request ->> 'turn')::integer,
    (request ->> 'attempt')::integer, request ->> 'model', own_keys, tokens, amount,
    clock_timestamp() + (request ->> 'deadAfterMs')::bigint * interval '1 millisecond',
    coalesce(request ->> 'agent', ''), coalesce(request ->> 'session', ''), (request ->> 'day')::date, request ->> 'leaseId')
  returning * into own;
  return pawl.held(own);
end $$;
