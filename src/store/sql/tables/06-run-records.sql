-- Runs that have ended: what is left of them when Temporal has forgotten their histories, and the figures
-- over them. Written by the last activity of each run, in place of what an earlier attempt wrote.

create table pawl.run_record (
  run_id text primary key,
  tenant text not null,
  agent text not null,
  session text not null,
  task text not null, -- a JSON string (JSON keeps NUL characters, Postgres text does not)
  task_digest text, -- of the order: the same key with another one is refused
  model text, -- null: the run failed before it had an agent
  offline boolean not null,
  cap_micro_usd bigint,
  outcome text not null,
  result text not null, -- JSON: the result line
  cost_micro_usd bigint not null,
  duration_ms bigint not null,
  started_at timestamptz not null,
  ended_at timestamptz not null
);

-- The figures of a time are read from the index alone.
create index run_record_of_tenant on pawl.run_record (tenant, ended_at) include (outcome, duration_ms, cost_micro_usd);
create index run_record_by_time on pawl.run_record (ended_at) include (outcome, duration_ms, cost_micro_usd);
