-- Tenants that have now spent more than `times` their daily average of the seven days before, and of whom
-- nobody has been told today. Days before a tenant's first are no days without spending; a tenant
-- without a day before today has no average. What is feared counts.
create or replace function pawl.cost_alerts(today date, times integer) returns jsonb language sql as $$
  with entry as (
    select tenant, day, spent + feared as spent from pawl.usage_day where day between today - 7 and today
    union all
    select tenant, day, spent + feared from pawl.usage_tail where day between today - 7 and today
  ), daily as (
    select tenant, day, sum(spent) as spent from entry group by tenant, day
  ), week as (
    select tenant, sum(spent) / (today - min(day)) as average
    from daily where day < today group by tenant having sum(spent) > 0
  ), told as (
    insert into pawl.cost_alert (tenant, on_day, spent_micro_usd, average_micro_usd)
    select tenant, today, daily.spent, week.average::bigint
    from daily join week using (tenant)
    where daily.day = today and daily.spent > times * week.average
    on conflict do nothing
    returning *
  )
  select coalesce(jsonb_agg(jsonb_build_object('tenant', tenant, 'spentMicroUsd', spent_micro_usd,
    'averageMicroUsd', average_micro_usd) order by tenant), '[]') from told
$$;
