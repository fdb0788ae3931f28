-- Calls in the provider's batch lane (U1, U2 in tables/09-lane-calls.sql).

-- The submission of a call whose hold is open; null where there is none.
create or replace function pawl.open_submission(of_call text) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', 'submitted', 'attempt', h.attempt,
    'providerBatchId', b.provider_batch_id, 'intendedAt', b.intended_at)
  from pawl.hold h join pawl.lane_call b using (hold_id)
  where b.call_key = of_call and h.state = 'held' order by h.hold_id limit 1
$$;

-- What the attempts before this one came to. Of those that came to nothing the holds are charged, as far as the
-- run has any open: whatever else becomes of this attempt, that is paid and can be told. `alive`: one of them
-- is at work; it may be asked for often, so that locks nothing.
create or replace function pawl.resume_call(attempt_id jsonb) returns jsonb language plpgsql as $$
declare
  own_call constant text := attempt_id ->> 'callKey';
  own_attempt constant integer := attempt_id ->> 'attempt';
  open_ids text[];
  journaled text;
  submission jsonb;
  living jsonb := pawl.living_attempt(own_call, own_attempt);
begin
  if living is not null then return living; end if;
  open_ids := array(select hold_id from pawl.hold
    where run_id = attempt_id ->> 'runId' and state = 'held' and hold_id <> attempt_id ->> 'holdId'
    order by hold_id for update);
  select journal into journaled from pawl.reply where call_key = own_call;
  if found then
    return jsonb_build_object('kind', 'journaled', 'reply', journaled) || pawl.call_so_far(own_call);
  end if;
  submission := pawl.open_submission(own_call);
  if submission is not null then return submission; end if;
  -- Its lease may have been renewed since.
  living := pawl.living_attempt(own_call, own_attempt);
  if living is not null then return living; end if;
  -- A zombie that wakes up late must not take its successor for dead.
  if exists (select from pawl.hold where call_key = own_call and attempt > own_attempt) then
    raise exception 'hold %: a later attempt at this call has begun, so this one is over', attempt_id ->> 'holdId';
  end if;
  perform pawl.resolve(pawl.dead_among(open_ids), 'charged', null);
  return jsonb_build_object('kind', 'open') || pawl.call_so_far(own_call);
end $$;

-- `submitted`: an earlier attempt has, or may have. An attempt that asks again has sent nothing yet.
create or replace function pawl.start_lane_call(request jsonb) returns jsonb language plpgsql as $$
declare
  open_hold pawl.hold;
  start jsonb;
begin
  select h.* into open_hold from pawl.hold h join pawl.lane_call b using (hold_id)
  where b.call_key = request ->> 'callKey' and h.state = 'held'
  order by h.hold_id limit 1 for update of h;
  if found and open_hold.hold_id <> request ->> 'holdId' then
    return pawl.open_submission(request ->> 'callKey');
  end if;
  start := pawl.start_attempt(request);
  if start ->> 'kind' = 'held' then
    insert into pawl.lane_call (hold_id, call_key) values (request ->> 'holdId', request ->> 'callKey')
    on conflict (hold_id) do nothing;
  end if;
  return start;
end $$;

-- False where the hold was resolved meanwhile: then nobody waits for this batch any more.
create or replace function pawl.note_provider_batch(of_hold text, new_id text) returns boolean language sql as $$
  update pawl.lane_call b set provider_batch_id = new_id
  from pawl.hold h where b.hold_id = of_hold and h.hold_id = of_hold
  returning h.state = 'held'
$$;

create or replace function pawl.lane_call_state(of_hold text) returns jsonb language sql stable as $$
  select jsonb_build_object('state', h.state, 'heldMicroUsd', h.held_micro_usd,
    'replyTokens', h.reply_tokens, 'providerBatchId', b.provider_batch_id, 'reply', r.journal) || pawl.call_so_far(h.call_key)
  from pawl.hold h join pawl.lane_call b using (hold_id) left join pawl.reply r on r.call_key = h.call_key
  where h.hold_id = of_hold
$$;
