-- Feared money is set free once somebody knows better: what it did cost is spent, the rest is nobody's.

-- `actual`: of each of the calls. Those whose fear was settled before are passed over.
create or replace function pawl.settle_feared(hold_ids text[], actual bigint, released_by text, why text)
returns jsonb language plpgsql as $$
declare
  ids text[];
  keys text[];
  losses pawl.call[];
begin
  lock table pawl.hold in row exclusive mode;
  ids := array(select hold_id from pawl.call where hold_id = any (hold_ids) and feared > 0 order by hold_id for update);
  if ids = '{}' then return '{"calls": 0, "fearedMicroUsd": 0}'; end if;
  losses := array(select c from pawl.call c where hold_id = any (ids) and feared > 0);
  perform 1 from pawl.run where run_id = any (array(select run_id from unnest(losses))) order by run_id for update;
  keys := array(select distinct key from unnest(losses) c, unnest(pawl.account_keys(c.tenant, c.session, c.day, c.shares)) key);
  perform 1 from pawl.account where key = any (keys) order by key for update;

  insert into pawl.release (hold_id, run_id, tenant, feared, spent, released_by, why)
  select hold_id, run_id, tenant, feared, actual, settle_feared.released_by, settle_feared.why from unnest(losses);
  insert into pawl.usage_tail
  select day, tenant, session, agent, model, lane, pawl.band_of(0), 0, 0, 0, 0, 0, 0, 0, 0, 0, actual, -feared
  from unnest(losses);
  update pawl.call set spent = spent + actual, feared = 0 where hold_id = any (ids) and feared > 0;
  update pawl.run r set feared = r.feared - d.feared, spent = r.spent + d.spent, lost = r.lost + d.lost
  from (
    select run_id, sum(feared)::bigint as feared, count(*) * actual as spent,
      count(*) filter (where state = 'lost') * actual as lost
    from unnest(losses) group by run_id
  ) d
  where r.run_id = d.run_id;
  update pawl.account a set feared = a.feared - d.feared, spent = a.spent + d.spent
  from (
    select key, sum(feared)::bigint as feared, count(*) * actual as spent
    from unnest(losses) c, unnest(pawl.account_keys(c.tenant, c.session, c.day, c.shares)) key group by key
  ) d
  where a.key = d.key;
  return jsonb_build_object('calls', cardinality(ids), 'fearedMicroUsd', (select sum(feared) from unnest(losses)));
end $$;

-- All that is feared in an account of this period, or what one run has in it.
create or replace function pawl.release_feared(r jsonb) returns jsonb language sql as $$
  select pawl.settle_feared(array(
      select c.hold_id from pawl.call c
      where c.feared > 0 and (r ->> 'runId' is null or c.run_id = r ->> 'runId')
        and s.key = any (pawl.account_keys(c.tenant, c.session, c.day, '{}'))
    ), 0, r ->> 'by', r ->> 'why')
  from pawl.scopes_of(coalesce(r ->> 'tenant', ''), coalesce(r ->> 'session', ''), pawl.today()) s
  where s.scope = r ->> 'scope'
$$;
