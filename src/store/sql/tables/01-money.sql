-- Money: accounts with a cap, and one hold for each attempt at a model call.
--
-- L1. held + spent + worst case <= cap in every account, or there is no hold: all accounts or none.
-- L2. A hold leaves the state 'held' once. Only start_attempt puts money into held, only resolve takes it out.
-- L3. The balances of an account are the sums over the holds that name it.
-- L4. Hold rows are locked before account rows, each kind in the order of its key: no deadlock.
-- L5. Rows are locked first and read after, each statement on its own snapshot (READ COMMITTED).
--
-- Amounts stay within what a JavaScript number holds exactly; what would not, fails and nothing is held.

create domain pawl.micro_usd as bigint check (value between 0 and 9007199254740991);

create table pawl.account (
  key text primary key,
  limit_name text not null,
  cap_micro_usd pawl.micro_usd, -- that held at the last call; null: counted, never denied
  spent_micro_usd pawl.micro_usd not null default 0,
  held_micro_usd pawl.micro_usd not null default 0,
  -- What the worker said at the last call, so that anybody can tell what holds now.
  given_cap_micro_usd pawl.micro_usd,
  budget_keys text[] not null default '{}' -- nearest first
) with (fillfactor = 70); -- rewritten at every call: room for updates in place
create index account_of_tenant_day on pawl.account (right(key, 10), key) where limit_name = 'tenant_day';

create table pawl.hold (
  hold_id text primary key,
  call_key text not null,
  run_id text not null,
  tenant text not null,
  agent text not null default '',
  session text not null default '',
  turn integer not null,
  attempt integer not null,
  model text not null, -- as asked; after settle as answered
  account_keys text[] not null,
  on_day date, -- of the accounts it counts against
  reply_tokens bigint not null,
  held_micro_usd pawl.micro_usd not null,
  -- charged: lost, paid in full. voided: sent, provably free. unsent: never left this machine.
  state text not null default 'held' check (state in ('held', 'settled', 'charged', 'voided', 'unsent')),
  spent_micro_usd pawl.micro_usd,
  usage jsonb,
  held_at timestamptz not null default clock_timestamp(),
  dead_after timestamptz not null,
  resolved_at timestamptz,
  check ((state = 'held') = (spent_micro_usd is null))
);
create index hold_of_run on pawl.hold (run_id);
create index hold_of_call on pawl.hold (call_key);
create index hold_of_tenant on pawl.hold (tenant, held_at);
create index hold_open on pawl.hold (dead_after) where state = 'held';
create index hold_by_time on pawl.hold (held_at);

-- The reply journal: what was received and paid, until the run is closed.
create table pawl.reply (
  call_key text primary key,
  run_id text not null,
  hold_id text not null,
  journal text not null
);
create index reply_of_run on pawl.reply (run_id);
