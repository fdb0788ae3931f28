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
