-- Calls in the provider's batch lane (U1, U2 in tables/09-lane-calls.sql). Their holds are made and end like any.

-- False where the hold was resolved meanwhile: then nobody waits for this batch any more.
create or replace function pawl.note_provider_batch(of_hold text, new_id text) returns boolean language sql as $$
  update pawl.lane_call set provider_batch_id = new_id where hold_id = of_hold returning state = 'held'
$$;

create or replace function pawl.lane_call_state(of_hold text) returns jsonb language sql stable as $$
  select jsonb_build_object('state', l.state, 'heldMicroUsd', l.amount, 'replyTokens', l.reply_tokens,
    'providerBatchId', l.provider_batch_id, 'reply', j.journal,
    'attempts', case when r.last_call = l.call_key then r.call_attempts else coalesce(j.attempts, 1) end,
    'crashTaxMicroUsd', case when r.last_call = l.call_key then r.call_lost::bigint else coalesce(j.lost, 0) end)
  from pawl.lane_call l
  left join pawl.reply j on j.call_key = l.call_key
  left join pawl.run r on r.run_id = l.run_id
  where l.hold_id = of_hold
$$;
