-- Shared caps: the one home of them. The environment of a worker only seeds them.
--
-- B1. The cap of an account is the nearest budget that is set, plus what was raised for this very account. What
--     changes is written through to the open accounts at once, while nothing else is booked.
-- B2. A raise counts once, however often it is repeated, and dies with the period of its account.

create table pawl.budget (
  key text primary key, -- tenant_day/acme; tenant_day alone is for all that have none of their own
  scope text not null check (scope in ('session', 'tenant_day', 'tenant_month', 'global_day')),
  tenant text,
  session text,
  cap pawl.micro_usd, -- null: counted, never denied
  seed pawl.micro_usd, -- what the environment says; holds where the operator has set nothing
  is_set boolean not null, -- by the operator
  changed_at timestamptz not null default clock_timestamp()
);

create table pawl.budget_raise (
  raise_id text primary key,
  account_key text not null,
  added pawl.micro_usd not null,
  raised_at timestamptz not null default clock_timestamp()
);
create index budget_raise_of_account on pawl.budget_raise (account_key);
