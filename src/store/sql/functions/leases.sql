create or replace function pawl.renew_lease(of_lease text, lasts_ms bigint) returns void language sql as $$
  insert into pawl.lease (lease_id, expires_at)
  values (of_lease, clock_timestamp() + lasts_ms * interval '1 millisecond')
  on conflict (lease_id) do update set expires_at = excluded.expires_at
$$;

create or replace function pawl.end_lease(of_lease text) returns void language sql as $$
  delete from pawl.lease where lease_id = of_lease
$$;
