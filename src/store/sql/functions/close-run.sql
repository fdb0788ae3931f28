create or replace function pawl.totals(of_run text) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'spentMicroUsd', coalesce(sum(spent_micro_usd), 0),
    'crashTaxMicroUsd', coalesce(sum(spent_micro_usd) filter (where state = 'charged'), 0),
    'heldMicroUsd', coalesce(sum(held_micro_usd) filter (where state = 'held'), 0),
    'modelAttempts', count(*) filter (where state <> 'unsent'),
    'repliesSettled', count(*) filter (where state = 'settled'))
  from pawl.hold where run_id = of_run
$$;

create or replace function pawl.close_run(of_run text) returns jsonb language plpgsql as $$
begin
  perform pawl.resolve(array(select hold_id from pawl.hold where run_id = of_run and state = 'held'
    order by hold_id for update), 'charged', null);
  delete from pawl.reply where run_id = of_run;
  return pawl.totals(of_run);
end $$;
