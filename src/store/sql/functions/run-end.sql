-- What nobody ends any more is lost: at the end of a run, and past its time.

-- Contract: the holds are locked, in their order.
create or replace function pawl.lose_holds(hold_ids text[]) returns void language sql as $$
  select pawl.book(jsonb_agg(jsonb_build_object('op', 'close', 'state', 'lost', 'holdId', hold_id)))
  from unnest(hold_ids) hold_id having count(*) > 0
$$;

create or replace function pawl.totals(of_run text) returns jsonb language sql stable as $$
  select jsonb_build_object('spentMicroUsd', coalesce(r.spent, 0), 'fearedMicroUsd', coalesce(r.feared, 0),
    'crashTaxMicroUsd', coalesce(r.feared + r.lost, 0), 'heldMicroUsd', coalesce(r.held, 0),
    'modelAttempts', coalesce(r.attempts, 0), 'repliesSettled', coalesce(r.calls, 0))
  from (select) as one left join pawl.run r on r.run_id = of_run
$$;

-- The journal is forgotten, and which attempts had ended.
create or replace function pawl.close_run(of_run text) returns jsonb language plpgsql as $$
begin
  lock table pawl.hold in row exclusive mode;
  perform pawl.lose_holds(array(select hold_id from pawl.hold where run_id = of_run order by hold_id for update));
  delete from pawl.reply where run_id = of_run;
  delete from pawl.ended_attempt where run_id = of_run;
  update pawl.run set closed_at = clock_timestamp() where run_id = of_run and closed_at is null;
  return pawl.totals(of_run);
end $$;

-- Never waits for a hold that someone else is resolving.
create or replace function pawl.sweep() returns integer language plpgsql as $$
declare
  dead text[];
begin
  lock table pawl.hold in row exclusive mode;
  dead := array(select hold_id from pawl.hold where dead_after < clock_timestamp() order by hold_id limit 1000
    for update skip locked);
  perform pawl.lose_holds(dead);
  return cardinality(dead);
end $$;
