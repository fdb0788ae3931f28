-- What is looked at every few seconds, by many: figures of one tenant, and caps. Read by primary keys alone.

-- What holds from the next call on. Where a cap is and no account, nothing was used in its period (B1).
create or replace function pawl.cap_left(s_key text, budget_keys text[], out cap bigint, out available bigint)
language sql stable as $$
  select
    case when a.key is null then own.cap else a.cap::bigint end,
    case when a.key is null then own.cap else a.cap - a.spent - a.held - a.feared end
  from (select pawl.cap_of(s_key, budget_keys) as cap) own left join pawl.account a on a.key = s_key
$$;

-- Of a run, a session, or a tenant's day (`of`); null where nothing caps it.
create or replace function pawl.budget_left(of jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object('capMicroUsd', c.cap, 'leftMicroUsd', c.available, 'resetsAt', pawl.utc_text(s.period_ends))
  from pawl.scopes_of(coalesce(of ->> 'tenant', ''), coalesce(of ->> 'session', ''), pawl.today()) s,
    pawl.cap_left(s.key, s.budget_keys) c
  where s.scope = of ->> 'scope' and c.cap is not null
  union all
  select jsonb_build_object('capMicroUsd', r.cap, 'leftMicroUsd', r.cap - r.spent - r.held - r.feared, 'resetsAt', null)
  from pawl.run r where of ->> 'scope' = 'cost' and r.run_id = of ->> 'runId'
$$;

-- A tenant's day and month. A run counts on the day of its first call.
create or replace function pawl.spending_of(whose text) returns jsonb language sql stable as $$
  with used as (
    select s.scope, coalesce(sum(e.spent), 0) as spent, coalesce(sum(e.held), 0) as held,
      coalesce(sum(e.feared), 0) as feared, coalesce(sum(e.runs), 0) as runs
    from (values ('tenant_day', pawl.today()), ('tenant_month', date_trunc('month', pawl.today()::timestamp)::date))
      as s(scope, since)
    left join (
      select day, spent, feared, runs, 0::bigint as held from pawl.usage_day
      where tenant = whose and day >= date_trunc('month', pawl.today()::timestamp)::date
      union all
      select day, spent, feared, runs, 0 from pawl.usage_tail where tenant = whose
      union all
      select day, 0, 0, runs, held from pawl.open_usage() where tenant = whose
    ) e on e.day >= s.since
    group by s.scope
  )
  select jsonb_object_agg(s.scope, jsonb_build_object('spentMicroUsd', u.spent, 'heldMicroUsd', u.held,
    'fearedMicroUsd', u.feared, 'runs', u.runs, 'capMicroUsd', c.cap, 'resetsAt', pawl.utc_text(s.period_ends)))
  from pawl.scopes_of(whose, '', pawl.today()) s
  join used u on u.scope = s.scope, pawl.cap_left(s.key, s.budget_keys) c
$$;
