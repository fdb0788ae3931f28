-- Calls in the provider's batch lane: which hold pays for which of its batches.
--
-- U1. The intent to submit is written with the hold, in one transaction, before the request leaves.
-- U2. While the hold of a submission is open, its call is not submitted again: whoever tries gets that one.

create table pawl.lane_call (
  hold_id text primary key references pawl.hold (hold_id),
  call_key text not null,
  provider_batch_id text unique, -- null: nobody has heard that the batch was created
  intended_at timestamptz not null default clock_timestamp()
);
create index lane_call_of_call on pawl.lane_call (call_key);

-- `submitted`: an earlier attempt has, or may have. An attempt that asks again has sent nothing yet.
create function pawl.start_lane_call(request jsonb) returns jsonb language plpgsql as $$
declare
  open_hold pawl.hold;
  start jsonb;
begin
  select h.* into open_hold from pawl.hold h join pawl.lane_call b using (hold_id)
  where b.call_key = request ->> 'callKey' and h.state = 'held'
  order by h.hold_id limit 1 for update of h;
  if found and open_hold.hold_id <> request ->> 'holdId' then
    return (select jsonb_build_object('kind', 'submitted', 'attempt', open_hold.attempt,
        'providerBatchId', b.provider_batch_id, 'intendedAt', b.intended_at)
      from pawl.lane_call b where b.hold_id = open_hold.hold_id);
  end if;
  start := pawl.start_attempt(request);
  if start ->> 'kind' = 'held' then
    insert into pawl.lane_call (hold_id, call_key) values (request ->> 'holdId', request ->> 'callKey')
    on conflict (hold_id) do nothing;
  end if;
  return start;
end $$;

-- False where the hold was resolved meanwhile: then nobody waits for this batch any more.
create function pawl.note_provider_batch(of_hold text, new_id text) returns boolean language sql as $$
  update pawl.lane_call b set provider_batch_id = new_id
  from pawl.hold h where b.hold_id = of_hold and h.hold_id = of_hold
  returning h.state = 'held'
$$;

create function pawl.lane_call_state(of_hold text) returns jsonb language sql stable as $$
  select jsonb_build_object('state', h.state, 'heldMicroUsd', h.held_micro_usd,
    'replyTokens', h.reply_tokens, 'providerBatchId', b.provider_batch_id, 'reply', r.journal) || pawl.call_so_far(h.call_key)
  from pawl.hold h join pawl.lane_call b using (hold_id) left join pawl.reply r on r.call_key = h.call_key
  where h.hold_id = of_hold
$$;
