-- Whether a model takes calls now, as the whole fleet knows it: one row a provider and model, from its first
-- trouble on.
--
-- C1. A run of outages opens the circuit: then nothing is sent but one probe a window, over all workers, until
--     one is answered. A probe whose worker died holds nobody up for longer than its lease.
-- C2. Nothing is sent before the time that a 429 named. Behind it calls are let out one by one, and two more
--     for each that was answered, so that a crowd which waited is not the next storm.
--
-- And the provider's rate limits as the whole fleet draws on them: of each model one bucket for requests, one for
-- input that no cache served, one for output. A model is metered from the first reply on that says less than
-- half of a limit is left, and for ten minutes after the last that says so; until then this costs nothing.
--
-- C3. While a model is metered no call goes out that its buckets can't pay for. A bucket fills by its limit a
--     minute, holds no more than that, and is never taken for fuller than the provider said it was. What a
--     worker drew and never used is back within a minute, whatever became of the worker.
-- C4. Calls that must wait come in turns of their tenants, the one first that drew least of late, and those of
--     one tenant in the order of their coming. A tenth of each bucket is left to tenants that drew less than
--     would be their share if one more came, or clearly less than the greediest: they need not wait where
--     others take all there is. Who does not come back when its time has come loses its place.

create table pawl.gate (
  key text primary key,
  failures integer not null default 0, -- outages in a row
  costly_failures integer not null default 0, -- in a row, of calls that may be billed
  down_since timestamptz, -- null: the circuit is closed
  next_probe_at timestamptz,
  probe_id text, -- of the call that is the probe
  blocked_until timestamptz,
  refusals integer not null default 0, -- rounds in a row that ended in a 429
  limited_since timestamptz, -- the first of them
  alerted_at timestamptz, -- when they were last told of
  allowance integer, -- calls that may go out before one more is answered; null: any number
  let_out_at timestamptz,
  metered_until timestamptz
);

create table pawl.gate_bucket (
  key text not null,
  kind text not null, -- requests, input, output
  minute_limit double precision not null check (minute_limit > 0),
  level double precision not null, -- below 0 where calls took more than was expected of them
  at timestamptz not null, -- of the level
  ratio double precision not null, -- what calls use of what they may use at most, as the last dozen did
  primary key (key, kind)
);

create table pawl.gate_line (
  key text not null,
  run_id text not null,
  tenant text not null,
  since timestamptz not null,
  due_at timestamptz not null, -- when it was told to come again
  needs jsonb not null, -- by kind
  cost double precision not null, -- the largest part of a minute's limit that it needs
  primary key (key, run_id)
);

create table pawl.gate_tenant (
  key text not null,
  tenant text not null,
  drawn double precision not null, -- costs of its calls, fading
  at timestamptz not null,
  primary key (key, tenant)
);
