-- The provider's rate limits as the fleet draws on them (C3, C4 in tables/07-gates.sql).

create or replace function pawl.seconds_between(earlier timestamptz, later timestamptz) returns double precision
language sql immutable as $$ select greatest(0, extract(epoch from later - earlier))::double precision $$;

create or replace function pawl.level_at(b pawl.gate_bucket, now timestamptz) returns double precision language sql immutable as $$
  select least(b.minute_limit, b.level + b.minute_limit * pawl.seconds_between(b.at, now) / 60)
$$;

-- A call that needs more than a bucket can hold goes out when it is full.
create or replace function pawl.need_of(b pawl.gate_bucket, bounds jsonb) returns double precision language sql immutable as $$
  select least(b.minute_limit, coalesce((bounds ->> b.kind)::double precision, 0) * b.ratio)
$$;

create or replace function pawl.drawn_at(t pawl.gate_tenant, now timestamptz) returns double precision language sql immutable as $$
  select t.drawn * exp(-pawl.seconds_between(t.at, now) / 30)
$$;

-- How many seconds until the buckets can pay for all that stand before this run in the line, and for its own
-- call; 0 or less: it may go out now.
create or replace function pawl.seconds_in_line(me pawl.gate_line, now timestamptz) returns double precision
language plpgsql stable as $$
begin
  return (
    with drew as (
      select t.tenant, pawl.drawn_at(t, now) as drawn from pawl.gate_tenant t
      where t.key = me.key and t.at > now - interval '1 minute'
    ), fair as (
      -- All that can be drawn adds up to half a minute's limit, as it fades.
      select 0.5 / (count(*) + 1) as share, coalesce(max(drawn), 0) * 2 / 3 as less_than_most from drew
    ), standing as (
      select l.run_id, l.since, l.needs, greatest(coalesce(d.drawn, 0), fair.share)
        + sum(l.cost) over (partition by l.tenant order by l.since, l.run_id) - l.cost as turn
      from (
        select * from pawl.gate_line
        where key = me.key and run_id <> me.run_id and due_at > now - interval '15 seconds'
        union all select me.*
      ) l left join drew d using (tenant) cross join fair
    ), mine as (
      select turn, coalesce((select drawn from drew where tenant = me.tenant), 0)
        <= greatest(fair.share, fair.less_than_most) as is_modest
      from standing, fair where run_id = me.run_id
    )
    select max(60 / b.minute_limit * (
      coalesce((
        select sum((s.needs ->> b.kind)::double precision) from standing s
        where (s.turn, s.since, s.run_id) < (mine.turn, me.since, me.run_id)
      ), 0)
      + need + case when is_modest then 0 else least(b.minute_limit / 10, b.minute_limit - need) end
      - pawl.level_at(b, now)))
    from mine, pawl.gate_bucket b, lateral (select (me.needs ->> b.kind)::double precision as need) n
    where b.key = me.key
  );
end $$;

-- What a call draws, by kind, where it may go out; else how many seconds it is to wait. The caller holds the
-- lock on the gate.
create or replace function pawl.draw(ask jsonb, now timestamptz, out drawn jsonb, out wait_s double precision)
language plpgsql as $$
declare
  me pawl.gate_line;
begin
  me.key := ask ->> 'key';
  me.run_id := ask ->> 'runId';
  me.tenant := ask ->> 'tenant';
  select jsonb_object_agg(b.kind, n.need), max(n.need / b.minute_limit) into me.needs, me.cost
  from pawl.gate_bucket b, lateral (select pawl.need_of(b, ask -> 'bounds') as need) n where b.key = me.key;
  if me.needs is null then drawn := '{}'; return; end if;

  select since into me.since from pawl.gate_line where key = me.key and run_id = me.run_id;
  me.since := coalesce(me.since, now);
  me.due_at := now;
  wait_s := pawl.seconds_in_line(me, now);
  if wait_s > 0 then
    -- What the others need is an estimate: one that is too high must leave no room unused for long.
    wait_s := least(120, greatest(0.2, least(wait_s, 10), wait_s / 2));
    me.due_at := now + wait_s * interval '1 second';
    delete from pawl.gate_line where key = me.key and (due_at < now - interval '15 seconds' or run_id = me.run_id);
    insert into pawl.gate_line select me.*;
    return;
  end if;
  wait_s := null;
  drawn := me.needs;
  delete from pawl.gate_line where key = me.key and run_id = me.run_id;
  update pawl.gate_bucket b set level = pawl.level_at(b, now) - (drawn ->> b.kind)::double precision, at = now
  where b.key = me.key;
  insert into pawl.gate_tenant as t (key, tenant, drawn, at) values (me.key, me.tenant, me.cost, now)
  on conflict (key, tenant) do update set drawn = pawl.drawn_at(t, now) + excluded.drawn, at = now;
end $$;

-- What the provider said of its limits in the answer to a call, and what the call used of what it drew.
create or replace function pawl.meter(told jsonb, now timestamptz) returns void language plpgsql as $$
declare
  gate_key constant text := told ->> 'key';
  said constant timestamptz := now - coalesce((told ->> 'saidAgoMs')::bigint, 0) * interval '1 millisecond';
begin
  -- A refusal gives back what was set aside, and teaches nothing of what calls use.
  update pawl.gate_bucket b set
    at = now,
    level = least(b.minute_limit, pawl.level_at(b, now) + c.drawn - c.used),
    ratio = case when c.used > 0 then least(2, greatest(0.02, b.ratio + (c.used / c.bound - b.ratio) / 12)) else b.ratio end
  from (
    select kind, used::double precision, (told -> 'drawn' ->> kind)::double precision as drawn,
      (told -> 'bounds' ->> kind)::double precision as bound
    from jsonb_each_text(coalesce(told -> 'used', '{}')) as counted (kind, used)
  ) c
  where b.key = gate_key and b.kind = c.kind and c.drawn is not null and c.bound > 0;

  insert into pawl.gate_bucket as b (key, kind, minute_limit, level, at, ratio)
  select gate_key, kind, (seen ->> 'limit')::double precision, (seen ->> 'remaining')::double precision, said,
    case kind when 'requests' then 1 else 0.4 end
  from jsonb_each(coalesce(told -> 'limits', '{}')) as limits (kind, seen)
  where (seen ->> 'limit')::double precision > 0
  on conflict (key, kind) do update set
    minute_limit = excluded.minute_limit, at = now,
    level = least(pawl.level_at(b, now),
      excluded.level + excluded.minute_limit * pawl.seconds_between(excluded.at, now) / 60);

  if (told ->> 'isTight')::boolean then
    update pawl.gate set metered_until = now + interval '10 minutes' where key = gate_key;
    delete from pawl.gate_tenant where key = gate_key and at < now - interval '10 minutes';
  end if;
end $$;
