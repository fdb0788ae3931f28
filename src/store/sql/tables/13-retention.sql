-- What retention needs (docs/database.md says what is kept, and for how long).

-- Items are stored before their batch begins.
alter table pawl.batch_item add column stored_on date not null default (now() at time zone 'UTC')::date;

-- What the whole fleet does once in a while, whichever worker's turn it is.
create table pawl.chore (
  name text primary key,
  due_at timestamptz not null
);
