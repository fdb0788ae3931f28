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

-- The newest attempt before this one at the call whose worker lives; null where there is none.
create or replace function pawl.living_attempt(of_call text, before integer) returns jsonb language sql volatile as $$
  select jsonb_build_object('kind', 'alive', 'attempt', h.attempt,
    'leaseEndsInMs', ceil(extract(epoch from l.expires_at - clock_timestamp()) * 1000)::bigint)
  from pawl.hold h join pawl.lease l using (lease_id)
  where h.call_key = of_call and h.attempt < before and h.state = 'held' and l.expires_at > clock_timestamp()
  order by h.attempt desc limit 1
$$;

-- Of these open holds those that nobody will settle: no lease lives for them, and no batch of the provider.
create or replace function pawl.dead_among(open_ids text[]) returns text[] language sql volatile as $$
  select coalesce(array_agg(h.hold_id order by h.hold_id), '{}') from pawl.hold h
  where h.hold_id = any (open_ids)
    and not exists (select from pawl.lease l where l.lease_id = h.lease_id and l.expires_at > clock_timestamp())
    and not exists (select from pawl.lane_call b where b.hold_id = h.hold_id)
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
