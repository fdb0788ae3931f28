-- Partitions of `call`, one a day, made days ahead. A day that has none is kept by `call_other`, and moves out of it
-- when its partition is made: no settlement ever waits for one, or is lost for want of it.

create or replace function pawl.make_call_days(ahead integer) returns boolean language plpgsql as $$
declare
  made date;
  name text;
begin
  if (select count(*) from generate_series(0, ahead) n
    where to_regclass(format('pawl.call_%s', to_char(pawl.today() + n, 'YYYYMMDD'))) is not null) = ahead + 1 then
    return true;
  end if;
  perform set_config('lock_timeout', '200ms', true);
  perform pawl.stop_the_books(); -- none of them shall be on its way into `call_other`
  for made in select pawl.today() + n from generate_series(0, ahead) n loop
    name := format('call_%s', to_char(made, 'YYYYMMDD'));
    if to_regclass('pawl.' || name) is not null then continue; end if;
    lock table pawl.call_other in access exclusive mode;
    execute format('create table pawl.%I (like pawl.call including all)', name);
    execute format('with moved as (delete from pawl.call_other where day = %L returning *)
      insert into pawl.%I select * from moved', made, name);
    execute format('alter table pawl.call attach partition pawl.%I for values from (%L) to (%L)', name, made, made + 1);
  end loop;
  return true;
exception when lock_not_available or insufficient_privilege or check_violation then
  return false; -- busy, not ours to make, or one more row came: the days wait
end $$;
