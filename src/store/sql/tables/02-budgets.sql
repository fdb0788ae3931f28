-- Shared caps as the operator sets them.
--
-- B1. The cap that holds is the nearest budget that is set, else the worker's, plus what was raised for this
--     very account. It is read in the transaction that holds, once the account is locked.
-- B2. A raise counts once, however often it is repeated, and dies with the period of its account.

create table pawl.budget (
  key text primary key, -- tenant_day/acme; tenant_day alone is for all that have none of their own
  scope text not null check (scope in ('session', 'tenant_day', 'tenant_month', 'global_day')),
  tenant text,
  session text,
  cap_micro_usd pawl.micro_usd, -- null: counted, never denied
  set_at timestamptz not null default clock_timestamp()
);

create table pawl.budget_raise (
  raise_id text primary key,
  account_key text not null,
  added_micro_usd pawl.micro_usd not null,
  raised_at timestamptz not null default clock_timestamp()
);
create index budget_raise_of_account on pawl.budget_raise (account_key);
