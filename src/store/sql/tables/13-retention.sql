-- What retention needs (docs/database.md says what is kept, and for how long).

-- What goes with its run, and what a batch needs of its runs.
create index lane_call_of_run on pawl.lane_call (run_id);
create index batch_item_of_run on pawl.batch_item (run_id);

-- Items are stored before their batch begins.
alter table pawl.batch_item add column stored_on date not null default (now() at time zone 'UTC')::date;

-- What the whole fleet does once in a while, whichever worker's turn it is.
create table pawl.chore (
  name text primary key,
  due_at timestamptz not null
);
