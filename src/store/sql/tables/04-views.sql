-- What people look at: text in flight, full tool outputs.

-- A view of attempts under way, not the truth: unlogged, so a crash of the database empties it.
create unlogged table pawl.delta (
  execution_id text not null,
  activity_id text not null,
  attempt integer not null,
  seq integer not null,
  kind text not null check (kind in ('text', 'mark')),
  text_offset integer, -- UTF-16 units into the text of the reply
  content text not null, -- JSON: a string, or a mark (JSON keeps NUL characters, Postgres text does not)
  created_at timestamptz not null default clock_timestamp(),
  primary key (execution_id, activity_id, attempt, seq)
);
create index delta_by_time on pawl.delta (created_at);

-- Full tool outputs, in pieces of a fixed number of UTF-16 units, each as a JSON string.
create table pawl.artefact_piece (
  run_id text not null,
  ref text not null,
  seq integer not null,
  content text not null,
  primary key (run_id, ref, seq)
);
