-- What is forgotten (src/store/retention.ts says in which order, and what must not be). Each of these takes so many
-- rows at a time that nobody waits for it, and is called again until nothing is left.

-- True for one caller in that time: it is its turn.
create or replace function pawl.take_chore(of_name text, every_ms bigint) returns boolean language sql as $$
  with taken as (
    insert into pawl.chore (name, due_at) values (of_name, clock_timestamp() + every_ms * interval '1 millisecond')
    on conflict (name) do update set due_at = excluded.due_at where chore.due_at <= clock_timestamp() returning 1
  )
  select exists (select from taken)
$$;

-- Runs that ended before then, in that order, from behind a place on. Not those that live again: a reset run.
create or replace function pawl.runs_ended(before timestamptz, after_end timestamptz, after_run text, runs_max integer)
returns table (run_id text, ended_at timestamptz) language sql stable as $$
  select d.run_id, d.ended_at from pawl.run_record d
  where d.ended_at < before and d.ended_at >= after_end and (d.ended_at, d.run_id) > (after_end, after_run)
    and not exists (select from pawl.run r where r.run_id = d.run_id
      and (r.held > 0 or r.last_day >= (before at time zone 'UTC')::date))
  order by d.ended_at, d.run_id limit runs_max
$$;

create or replace function pawl.has_bodies(of_run text) returns boolean language sql stable as $$
  select exists (select from pawl.message where run_id = of_run) or exists (select from pawl.link where run_id = of_run)
    or exists (select from pawl.artefact_piece where run_id = of_run)
    or exists (select from pawl.reply where run_id = of_run)
    or exists (select from pawl.ended_attempt where run_id = of_run)
    or exists (select from pawl.lane_call where run_id = of_run)
$$;

-- Runs without a record that have asked for nothing since then: terminated from outside, or waiting. Temporal knows.
-- Of the `looked` runs behind one; `next` is where to go on, null behind the last.
create or replace function pawl.runs_unrecorded(before date, after_run text, looked integer,
  out next text, out runs text[])
language sql stable as $$
  with page as materialized (
    select run_id, last_day, held, feared from pawl.run where run_id > after_run order by run_id limit looked
  )
  select (select max(run_id) from page), array(
    select p.run_id from page p
    where (p.last_day is null or p.last_day < before) and p.held = 0
      and not exists (select from pawl.run_record d where d.run_id = p.run_id)
      and (pawl.has_bodies(p.run_id)
        or p.feared = 0 and not exists (select from pawl.batch_item i where i.run_id = p.run_id)))
$$;

-- Bodies of runs that neither asked for money nor left a record: ended from outside before their first call.
create or replace function pawl.runs_of_bodies_alone(after_run text, looked integer, out next text, out runs text[])
language sql stable as $$
  with recursive each as (
    select after_run as run_id, 0 as nth
    union all
    select least(
        (select m.run_id from pawl.message m where m.run_id > e.run_id order by m.run_id limit 1),
        (select l.run_id from pawl.link l where l.run_id > e.run_id order by l.run_id limit 1),
        (select a.run_id from pawl.artefact_piece a where a.run_id > e.run_id order by a.run_id limit 1)), e.nth + 1
    from each e where e.run_id is not null and e.nth < looked
  )
  select (select max(run_id) from each where nth > 0), array(
    select e.run_id from each e where e.nth > 0 and e.run_id is not null
      and not exists (select from pawl.run r where r.run_id = e.run_id)
      and not exists (select from pawl.run_record d where d.run_id = e.run_id))
$$;

-- All that was said and bought in these runs. Pieces of artefacts have 64 kB each.
create or replace function pawl.forget_bodies(runs text[], rows_max integer) returns integer language plpgsql as $$
declare
  doomed record;
  gone integer;
  total integer := 0;
begin
  for doomed in
    select * from (values ('message', rows_max), ('link', rows_max), ('artefact_piece', greatest(rows_max / 20, 1)),
      ('reply', rows_max), ('ended_attempt', rows_max), ('lane_call', rows_max)) as t(name, at_once)
  loop
    execute format('delete from pawl.%1$I where ctid = any (array(
      select ctid from pawl.%1$I where run_id = any ($1) limit $2))', doomed.name) using runs, doomed.at_once;
    get diagnostics gone = row_count;
    total := total + gone;
  end loop;
  return total;
end $$;

-- Contract: their bodies are gone. What is feared is kept with its run until it is released, and a batch keeps its
-- runs. The books are stopped for that moment: a run that asks anew must find itself, or open itself anew.
create or replace function pawl.forget_runs(runs text[]) returns integer language plpgsql as $$
declare
  own text[];
  gone integer;
begin
  own := array(select o.run_id from unnest(runs) o(run_id) where not exists (
    select from pawl.batch_item i where i.run_id = o.run_id));
  perform set_config('lock_timeout', '200ms', true);
  perform pawl.stop_the_books();
  delete from pawl.run where run_id = any (own) and held = 0 and feared = 0;
  get diagnostics gone = row_count;
  delete from pawl.run_record d where run_id = any (own)
    and not exists (select from pawl.run r where r.run_id = d.run_id);
  return gone;
end $$;

create or replace function pawl.forget_batch(of_batch text, rows_max integer) returns integer language plpgsql as $$
declare
  gone integer;
begin
  delete from pawl.batch_item where ctid = any (array(
    select ctid from pawl.batch_item where batch_id = of_batch limit rows_max));
  get diagnostics gone = row_count;
  if gone = 0 then
    delete from pawl.batch where batch_id = of_batch;
    get diagnostics gone = row_count;
  end if;
  return gone;
end $$;

-- Orders that were stored, and no batch reads: it was refused, or never began.
create or replace function pawl.forget_stray_items(before date, rows_max integer) returns integer language sql as $$
  with gone as (
    delete from pawl.batch_item where ctid = any (array(
      select i.ctid from pawl.batch_item i where i.stored_on < before
        and not exists (select from pawl.batch b where b.batch_id = i.batch_id and b.digest = i.digest)
      limit rows_max))
    returning 1
  )
  select count(*)::integer from gone
$$;

-- Of periods that are over, and of batches that are gone. A session's has no end.
create or replace function pawl.forget_accounts(before timestamptz, rows_max integer) returns integer language sql as $$
  with gone as (
    delete from pawl.account where ctid = any (array(
      select a.ctid from pawl.account a
      where a.held = 0 and a.feared = 0 and (a.period_ends < before or a.scope = 'batch'
        and not exists (select from pawl.batch b where 'batch/' || b.batch_id = a.key))
      limit rows_max))
    returning 1
  )
  select count(*)::integer from gone
$$;

-- Whether an account's key is of a day or a month that was over by then. Names in keys have no slash.
create or replace function pawl.is_over(account_key text, before date) returns boolean language sql immutable as $$
  select case
    when account_key ~ '^(tenant/[^/]+|global)/\d{4}-\d\d-\d\d$' then split_part(account_key, '/', -1)::date < before
    when account_key ~ '^tenant/[^/]+/\d{4}-\d\d$' then
      (split_part(account_key, '/', -1) || '-01')::date + interval '1 month' <= before
    else false end
$$;

create or replace function pawl.forget_raises(before date, rows_max integer) returns integer language sql as $$
  with gone as (
    delete from pawl.budget_raise where ctid = any (array(
      select ctid from pawl.budget_raise where pawl.is_over(account_key, before) limit rows_max))
    returning 1
  )
  select count(*)::integer from gone
$$;

-- The oldest day of calls from before then, at once: null where none is left. What is feared of it stays.
create or replace function pawl.drop_call_day(before date) returns text language plpgsql as $$
declare
  doomed constant text := (select min(relname) from pg_class where relnamespace = 'pawl'::regnamespace and relispartition
    and relname ~ '^call_\d{8}$' and to_date(right(relname, 8), 'YYYYMMDD') < before);
begin
  if doomed is null then return null; end if;
  perform set_config('lock_timeout', '200ms', true);
  lock table pawl.call in access exclusive mode;
  execute format('alter table pawl.call detach partition pawl.%I', doomed);
  execute format('insert into pawl.call_other select * from pawl.%I where feared > 0', doomed);
  execute format('drop table pawl.%I', doomed);
  return doomed;
end $$;

-- Row by row: what has no day of its own, and all of them for a role that may not drop tables. Each partition by its
-- name: a ctid is that of a row in every one.
create or replace function pawl.forget_calls(before date, rows_max integer) returns integer language plpgsql as $$
declare
  partition text;
  gone integer;
  total integer := 0;
begin
  for partition in
    select relname from pg_class where relnamespace = 'pawl'::regnamespace and relispartition
      and (relname = 'call_other' or relname ~ '^call_\d{8}$' and to_date(right(relname, 8), 'YYYYMMDD') < before)
  loop
    execute format('delete from pawl.%1$I where ctid = any (array(
      select ctid from pawl.%1$I where day < $1 and feared = 0 limit $2))', partition) using before, rows_max;
    get diagnostics gone = row_count;
    total := total + gone;
    exit when total >= rows_max;
  end loop;
  return total;
end $$;

create or replace function pawl.forget_older(of_table text, by_column text, before timestamptz, rows_max integer)
returns integer language plpgsql as $$
declare
  gone integer;
begin
  execute format('delete from pawl.%1$I where ctid = any (array(
    select ctid from pawl.%1$I where %2$I < $1 limit $2))', of_table, by_column) using before, rows_max;
  get diagnostics gone = row_count;
  return gone;
end $$;
