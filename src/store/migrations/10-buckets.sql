-- The provider's rate limits as the whole fleet draws on them: of each model one bucket for requests, one for
-- input that no cache served, one for output. A model is metered from the first reply on that says less than
-- half of a limit is left, and for ten minutes after the last that says so; until then this costs nothing.
--
-- C3. While a model is metered no call goes out that its buckets can't pay for. A bucket fills by its limit a
--     minute, holds no more than that, and is never taken for fuller than the provider said it was. What a
--     worker drew and never used is back within a minute, whatever became of the worker.
-- C4. Calls that must wait come in turns of their tenants, the one first that drew least of late, and those of
--     one tenant in the order of their coming. A tenth of each bucket is left to tenants that drew less than
--     would be their share if one more came, or clearly less than the greediest: they need not wait where
--     others take all there is. Who does not come back when its time has come loses its place.
alter table pawl.gate add column metered_until timestamptz;

create table pawl.gate_bucket (
  key text not null,
  kind text not null, -- requests, input, output
  minute_limit double precision not null check (minute_limit > 0),
  level double precision not null, -- below 0 where calls took more than was expected of them
  at timestamptz not null, -- of the level
  ratio double precision not null, -- what calls use of what they may use at most, as the last dozen did
  primary key (key, kind)
);

create table pawl.gate_line (
  key text not null,
  run_id text not null,
  tenant text not null,
  since timestamptz not null,
  due_at timestamptz not null, -- when it was told to come again
  needs jsonb not null, -- by kind
  cost double precision not null, -- the largest part of a minute's limit that it needs
  primary key (key, run_id)
);

create table pawl.gate_tenant (
  key text not null,
  tenant text not null,
  drawn double precision not null, -- costs of its calls, fading
  at timestamptz not null,
  primary key (key, tenant)
);

create function pawl.seconds_between(earlier timestamptz, later timestamptz) returns double precision
language sql immutable as $$ select greatest(0, extract(epoch from later - earlier))::double precision $$;

create function pawl.level_at(b pawl.gate_bucket, now timestamptz) returns double precision language sql immutable as $$
  select least(b.minute_limit, b.level + b.minute_limit * pawl.seconds_between(b.at, now) / 60)
$$;

-- A call that needs more than a bucket can hold goes out when it is full.
create function pawl.need_of(b pawl.gate_bucket, bounds jsonb) returns double precision language sql immutable as $$
  select least(b.minute_limit, coalesce((bounds ->> b.kind)::double precision, 0) * b.ratio)
$$;

create function pawl.drawn_at(t pawl.gate_tenant, now timestamptz) returns double precision language sql immutable as $$
  select t.drawn * exp(-pawl.seconds_between(t.at, now) / 30)
$$;

-- How many seconds until the buckets can pay for all that stand before this run in the line, and for its own
-- call; 0 or less: it may go out now.
create function pawl.seconds_in_line(me pawl.gate_line, now timestamptz) returns double precision
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
create function pawl.draw(ask jsonb, now timestamptz, out drawn jsonb, out wait_s double precision)
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
create function pawl.meter(told jsonb, now timestamptz) returns void language plpgsql as $$
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

-- As in step 8, with the buckets as the last that a call must pass. `watched`: the gate wants to hear that
-- the call was answered; `drawn`: it wants to hear what the call used.
create or replace function pawl.ask_gate(ask jsonb) returns jsonb language plpgsql as $$
declare
  call_id constant text := ask ->> 'callId';
  lease constant interval := (ask ->> 'leaseMs')::bigint * interval '1 millisecond';
  g pawl.gate;
  now timestamptz;
  is_probe boolean;
  is_let_out boolean;
  drawn jsonb;
  wait_s double precision;
begin
  select * into g from pawl.gate where key = ask ->> 'key';
  if not found or (g.down_since is null and g.allowance is null and coalesce(g.metered_until < clock_timestamp(), true)) then
    return jsonb_build_object('kind', 'pass', 'watched', coalesce(g.failures, 0) > 0);
  end if;

  select * into g from pawl.gate where key = ask ->> 'key' for update;
  now := clock_timestamp();
  is_probe := g.down_since is not null and g.probe_id is distinct from call_id;
  is_let_out := g.down_since is null and g.allowance is not null;
  if g.blocked_until > now then return pawl.gate_wait('rate_limited', g, g.blocked_until - now); end if;
  if is_probe and g.next_probe_at > now then
    return pawl.gate_wait('down', g, least(g.next_probe_at - now, pawl.probe_window(g, now)));
  end if;
  if is_let_out and g.allowance <= 0 and g.let_out_at > now - lease then
    return pawl.gate_wait('rate_limited', g, interval '1 s');
  end if;

  -- A worker of an older build does not say what its call needs.
  if g.metered_until > now and ask ? 'bounds' then
    select d.drawn, d.wait_s into drawn, wait_s from pawl.draw(ask, now) d;
    if wait_s > 0 then return pawl.gate_wait('busy', g, wait_s * interval '1 second'); end if;
  end if;
  if is_probe then
    update pawl.gate set probe_id = call_id, next_probe_at = now + lease where key = g.key;
  elsif is_let_out then
    update pawl.gate set allowance = greatest(g.allowance - 1, 0), let_out_at = now where key = g.key;
  end if;
  return jsonb_strip_nulls(jsonb_build_object('kind', 'pass', 'drawn', drawn,
    'watched', g.down_since is not null or g.allowance is not null or g.failures > 0));
end $$;

-- As in step 8 but for the buckets. `counted`: news of the buckets alone, of a call that was heard of before.
alter function pawl.tell_gate(jsonb) rename to tell_circuit;

create function pawl.tell_gate(told jsonb) returns text language plpgsql as $$
declare
  turned text;
begin
  if told ->> 'heard' <> 'counted' then turned := pawl.tell_circuit(told); end if;
  if told ? 'limits' or told ? 'used' then
    perform from pawl.gate where key = told ->> 'key' for update;
    perform pawl.meter(told, clock_timestamp());
  end if;
  return turned;
end $$;
