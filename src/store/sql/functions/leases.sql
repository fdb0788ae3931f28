-- Leases of workers, and what runs want stopped (tables/11-leases.sql).

create or replace function pawl.renew_lease(of_lease text, lasts_ms bigint) returns void language plpgsql as $$
begin
  insert into pawl.lease (lease_id, expires_at)
  values (of_lease, clock_timestamp() + lasts_ms * interval '1 millisecond')
  on conflict (lease_id) do update set expires_at = excluded.expires_at;
  -- Of workers that died: a lease that is not there has run out as well.
  delete from pawl.lease where lease_id in (
    select lease_id from pawl.lease where expires_at < clock_timestamp() - interval '1 hour'
    for update skip locked);
end $$;

create or replace function pawl.end_lease(of_lease text) returns void language sql as $$
  delete from pawl.lease where lease_id = of_lease
$$;

create or replace function pawl.ask_stop(of_execution text, until_ms bigint) returns void language plpgsql as $$
begin
  insert into pawl.stop_wish as w (execution_id, scheduled_until_ms, asked_at)
  values (of_execution, until_ms, clock_timestamp())
  on conflict (execution_id) do update set
    scheduled_until_ms = greatest(w.scheduled_until_ms, excluded.scheduled_until_ms), asked_at = excluded.asked_at;
  delete from pawl.stop_wish where execution_id in (
    select execution_id from pawl.stop_wish where asked_at < clock_timestamp() - interval '10 minutes'
    limit 100 for update skip locked);
end $$;
