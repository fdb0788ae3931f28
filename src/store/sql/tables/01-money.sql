-- Money at rest: an account is a row only where a cap is, and the cap stands in the row that is locked.
--
-- L1. spent + held + feared + worst case <= cap in every account and in the run, or there is no hold.
-- L2. A hold leaves the table `hold` once, and only by pawl.book; its row of `call` says what it came to.
-- L3. The balances of an account and of a run are the sums over `hold` and `call`.
-- L4. One lock order: `call` (only to release) -> `hold` by id -> `run` by id -> `account` by key.
-- L5. Rows are locked first and read after, each statement on its own snapshot (READ COMMITTED).
-- L6. Nobody hears that something was booked before it is on the disk (pawl.book_durably).
-- L7. Roll-ups and tail together are the sums over `call`.
--
-- Amounts stay within what a JavaScript number holds exactly; what would not, fails and nothing is held.

create domain pawl.micro_usd as bigint check (value between 0 and 9007199254740991);

create table pawl.account (
  key text primary key, -- tenant/acme/2026-11-26; those of a payer: pawl.scopes_of, and its shares
  scope text not null,
  cap pawl.micro_usd, -- with what was raised; null: the cap was taken away, and the row counts on
  spent pawl.micro_usd not null default 0,
  held pawl.micro_usd not null default 0,
  feared pawl.micro_usd not null default 0, -- of lost attempts, at their worst
  budget_keys text[] not null default '{}', -- of the budgets that can set the cap, nearest first
  period_ends timestamptz -- null: never
) with (fillfactor = 50); -- rewritten at every call: no column that changes is indexed, so updates stay in place

-- The run's own account, its totals, and how far its last call got.
create table pawl.run (
  run_id text primary key,
  tenant text not null,
  session text not null,
  agent text not null,
  cap pawl.micro_usd not null,
  spent pawl.micro_usd not null default 0,
  held pawl.micro_usd not null default 0,
  feared pawl.micro_usd not null default 0,
  lost pawl.micro_usd not null default 0, -- the part of `spent` that lost attempts are known to have cost
  calls bigint not null default 0, -- replies received
  attempts bigint not null default 0, -- requests sent
  input_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_5m_tokens bigint not null default 0,
  cache_write_1h_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  web_search_requests bigint not null default 0,
  last_call text not null default '', -- its key
  last_attempt integer not null default 0,
  call_attempts bigint not null default 0, -- requests sent for it
  call_lost pawl.micro_usd not null default 0, -- spent and feared for lost attempts at it
  last_day date, -- null: nothing was counted yet
  closed_at timestamptz -- null: under way; a run that was reset is again
) with (fillfactor = 70);

-- Open calls, and nothing else.
create table pawl.hold (
  hold_id text primary key,
  call_key text not null,
  run_id text not null,
  attempt integer not null,
  lease_id text, -- null in the batch lane: such a hold lives until it is resolved, or past `dead_after`
  tenant text not null,
  session text not null,
  agent text not null,
  model text not null,
  lane text not null check (lane in ('live', 'batch')),
  day date not null, -- of the accounts it counts against
  shares text[] not null, -- keys of accounts beside those of the payer
  reply_tokens bigint not null,
  amount pawl.micro_usd not null,
  held_at timestamptz not null default clock_timestamp(),
  dead_after timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create index hold_of_run on pawl.hold (run_id);
create index hold_dead_after on pawl.hold (dead_after);

-- What each attempt that was sent came to. Only a release changes a row.
create table pawl.call (
  day date not null,
  hold_id text not null,
  run_id text not null,
  tenant text not null,
  session text not null,
  agent text not null,
  model text not null, -- as answered, else as asked
  lane text not null,
  attempt integer not null,
  state text not null check (state in ('settled', 'voided', 'lost')), -- voided: sent, and provably free
  amount pawl.micro_usd not null, -- that was held
  spent pawl.micro_usd not null,
  feared pawl.micro_usd not null,
  shares text[] not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  output_tokens bigint not null,
  web_search_requests bigint not null,
  resolved_at timestamptz not null
) partition by range (day);
create index call_feared on pawl.call (hold_id) where feared > 0;
-- For days that have no partition yet: pawl.make_call_days makes those to come.
create table pawl.call_other partition of pawl.call default;

-- Attempts that ended without a reply, until their run is closed: an ask that comes late is not taken for a new one.
create table pawl.ended_attempt (
  hold_id text primary key,
  run_id text not null
);
create index ended_attempt_of_run on pawl.ended_attempt (run_id);

-- Feared money that was set free: by whom, and why.
create table pawl.release (
  hold_id text primary key,
  run_id text not null,
  tenant text not null,
  feared pawl.micro_usd not null,
  spent pawl.micro_usd not null, -- what it did cost
  released_by text not null,
  why text not null,
  released_at timestamptz not null default clock_timestamp()
);

-- The reply journal: what was received and paid, until the run is closed.
create table pawl.reply (
  call_key text primary key,
  run_id text not null,
  hold_id text not null,
  spent pawl.micro_usd not null,
  attempts bigint not null, -- requests sent for the call up to it
  lost pawl.micro_usd not null, -- for attempts at the call before it
  journal text not null
);
create index reply_of_run on pawl.reply (run_id);

-- Usage as it is settled: appended without a key, then summed up into the roll-ups. Readers add both.
create table pawl.usage_tail (
  day date not null,
  tenant text not null,
  session text not null,
  agent text not null,
  model text not null,
  lane text not null,
  band bigint not null, -- no prompt of it is longer, in tokens (pawl.band_of)
  runs bigint not null, -- a run counts where its first call does
  calls bigint not null,
  attempts bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  output_tokens bigint not null,
  web_search_requests bigint not null,
  spent bigint not null,
  feared bigint not null -- negative where it was released
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000); -- its rows live for a second

create table pawl.usage_day (
  tenant text not null,
  day date not null,
  agent text not null,
  model text not null,
  lane text not null,
  runs bigint not null,
  calls bigint not null,
  attempts bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  output_tokens bigint not null,
  web_search_requests bigint not null,
  spent bigint not null,
  feared bigint not null,
  primary key (tenant, day, agent, model, lane)
) with (fillfactor = 70); -- those of a day or a session grow every second: in place, where there is room
create index usage_day_by_day on pawl.usage_day (day);

create table pawl.usage_session (
  tenant text not null,
  session text not null,
  last_day date not null,
  runs bigint not null,
  calls bigint not null,
  attempts bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  output_tokens bigint not null,
  web_search_requests bigint not null,
  spent bigint not null,
  feared bigint not null,
  primary key (tenant, session)
) with (fillfactor = 70);

-- Replies whose prompts are about as long, so that they can be repriced. Apart from the days: figures that do not ask
-- for lengths read a tenth of the rows.
create table pawl.usage_band (
  tenant text not null,
  day date not null,
  model text not null,
  band bigint not null, -- as in the tail
  calls bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  output_tokens bigint not null,
  web_search_requests bigint not null,
  spent bigint not null,
  primary key (tenant, day, model, band)
) with (fillfactor = 70);
create index usage_band_by_day on pawl.usage_band (day);
