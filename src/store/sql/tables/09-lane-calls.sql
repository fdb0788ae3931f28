-- Calls in the provider's batch lane: which hold pays for which of its batches.
--
-- U1. The intent to submit is written with the hold, in one transaction, before the request leaves.
-- U2. While the hold of a submission is open, its call is not submitted again: whoever tries gets that one.

create table pawl.lane_call (
  hold_id text primary key,
  call_key text not null,
  run_id text not null,
  amount pawl.micro_usd not null, -- that was held
  reply_tokens bigint not null,
  state text not null default 'held' check (state in ('held', 'settled', 'voided', 'lost')),
  provider_batch_id text unique, -- null: nobody has heard that the batch was created
  intended_at timestamptz not null default clock_timestamp()
);
create index lane_call_of_run on pawl.lane_call (run_id);
