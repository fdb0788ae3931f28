-- What the whole fleet does once in a while, whichever worker's turn it is.
create table pawl.chore (
  name text primary key,
  due_at timestamptz not null
);
