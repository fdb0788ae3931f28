-- Tenants that have now spent more than `times` their daily average of the seven days before, and of whom
-- nobody has been told today. Days before a tenant's first are no days without spending; a tenant
-- without a day before today has no average.
create or replace function pawl.cost_alerts(today date, times integer) returns jsonb language sql as $$
  with day as (
    select today - ago as on_day, split_part(a.key, '/', 2) as tenant_key, a.spent_micro_usd::bigint as spent
    from generate_series(0, 7) ago
    join pawl.account a on a.limit_name = 'tenant_day' and right(a.key, 10) = to_char(today - ago, 'YYYY-MM-DD')
  ), week as (
    select tenant_key, sum(spent) / (today - min(on_day)) as average
    from day where on_day < today group by tenant_key having sum(spent) > 0
  ), told as (
    insert into pawl.cost_alert (tenant_key, on_day, spent_micro_usd, average_micro_usd)
    select tenant_key, today, day.spent, week.average::bigint
    from day join week using (tenant_key)
    where day.on_day = today and day.spent > times * week.average
    on conflict do nothing
    returning *
  )
  select coalesce(jsonb_agg(jsonb_build_object('tenant', tenant_key, 'spentMicroUsd', spent_micro_usd,
    'averageMicroUsd', average_micro_usd) order by tenant_key), '[]') from told
$$;
