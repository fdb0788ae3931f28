-- Never waits for a hold that someone else is resolving.
create or replace function pawl.sweep() returns integer language plpgsql as $$
declare
  dead constant text[] := array(select hold_id from pawl.hold
    where state = 'held' and dead_after < clock_timestamp() order by hold_id limit 1000
    for update skip locked);
begin
  perform pawl.resolve(dead, 'charged', null);
  return cardinality(dead);
end $$;
