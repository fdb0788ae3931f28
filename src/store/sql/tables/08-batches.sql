-- Batches of tasks: the items as they were ordered, and what each batch came to. What an item came to is
-- the record of its run (06-run-records.sql); `broken` is for a run that left none.

create table pawl.batch (
  batch_id text primary key,
  tenant text not null,
  digest text not null, -- of the whole order
  items integer not null,
  cap_micro_usd pawl.micro_usd, -- null: counted, never denied
  started_at timestamptz not null,
  result text -- JSON; null while it is under way
);

-- Another order under the same key is a set of items of its own, which no batch ever reads.
create table pawl.batch_item (
  batch_id text not null,
  digest text not null,
  position integer not null, -- from 1
  run_id text not null,
  item_id text not null, -- a JSON string
  item text not null, -- JSON
  broken text, -- JSON: the outcome of a run that was ended from outside
  stored_on date not null default (now() at time zone 'UTC')::date, -- before its batch begins
  primary key (batch_id, digest, position)
);
create index batch_item_of_run on pawl.batch_item (run_id);
