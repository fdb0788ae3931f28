-- The circuit of a provider and model, and the crowd behind a 429 (C1, C2 in tables/07-gates.sql).

-- Of an outage: short at first, so that runs go on soon after it; longer where it lasts, so that those which
-- wait for days fill no history.
create or replace function pawl.probe_window(g pawl.gate, now timestamptz) returns interval language sql immutable as $$
  select greatest(interval '3 s', least(interval '60 s', (now - coalesce(g.down_since, now)) / 20))
$$;

-- Of a probe that may be billed: each doubles the next, so that a day of them is no day's budget.
create or replace function pawl.costly_window(failures integer) returns interval language sql immutable as $$
  select least(interval '1 hour', interval '3 s' * 2 ^ least(failures, 20))
$$;

create or replace function pawl.gate_wait(why text, g pawl.gate, wait interval) returns jsonb language sql immutable as $$
  select jsonb_build_object('kind', 'wait', 'why', why, 'downSince', g.down_since, 'limitedSince', g.limited_since,
    'forMs', greatest(0, ceil(extract(epoch from wait) * 1000))::bigint)
$$;

-- How long a 429 closes the model: the time that it names, an hour at most, and else twice as long with each
-- round that is refused again, a minute at most. Those who went out before they could hear of one are its round.
create or replace function pawl.refuse(g pawl.gate, told jsonb, now timestamptz) returns text language plpgsql as $$
declare
  round constant integer := g.refusals + (coalesce(g.blocked_until <= now, true))::integer;
  named constant interval := (told ->> 'retryAfterMs')::double precision * interval '1 millisecond';
  first_wait constant interval := (told ->> 'firstWaitMs')::double precision * interval '1 millisecond';
  wait constant interval := least(interval '1 hour',
    coalesce(named, least(interval '1 minute', first_wait * 2 ^ least(round - 1, 20))));
  since constant timestamptz := coalesce(g.limited_since, now);
  is_news constant boolean := g.alerted_at is null and now + wait >= since + interval '2 minutes';
begin
  update pawl.gate set blocked_until = greatest(blocked_until, now + wait), allowance = 1, let_out_at = null,
    refusals = round, limited_since = since, alerted_at = case when is_news then now else alerted_at end
  where key = g.key;
  return case when is_news then 'refusing' end;
end $$;

-- What became of a call; says where the circuit opened or closed by it. A call that was under way before the
-- circuit opened says nothing of the provider as it is now: then the probe alone is heard. Failures that may be
-- billed open it at the third, and only a reply that came whole ends their row: each next one costs as well.
create or replace function pawl.tell_circuit(told jsonb) returns text language plpgsql as $$
declare
  heard constant text := told ->> 'heard';
  costly constant integer := (heard = 'outage' and coalesce((told ->> 'mayCost')::boolean, false))::integer;
  costly_max constant integer := 3;
  g pawl.gate;
  now timestamptz;
  is_probe boolean;
  turned text;
begin
  insert into pawl.gate (key) values (told ->> 'key') on conflict (key) do nothing;
  select * into g from pawl.gate where key = told ->> 'key' for update;
  now := clock_timestamp();
  is_probe := g.down_since is not null and g.probe_id is not distinct from told ->> 'callId';

  if heard = 'limited' then
    turned := pawl.refuse(g, told, now);
  elsif heard in ('answered', 'completed') and g.limited_since is not null then
    update pawl.gate set refusals = 0, limited_since = null, alerted_at = null where key = g.key;
  end if;
  if g.allowance is not null and heard not in ('limited', 'completed') then
    update pawl.gate set allowance = case
        when heard <> 'answered' then allowance + 1
        when allowance < 30 then allowance + 2 end
    where key = g.key;
  end if;
  if heard = 'completed' then
    update pawl.gate set costly_failures = 0 where key = g.key and costly_failures > 0;
  elsif costly > 0 and (g.down_since is null or is_probe) then
    update pawl.gate set costly_failures = costly_failures + 1 where key = g.key;
  end if;

  if g.down_since is null then
    if heard <> 'outage' then
      update pawl.gate set failures = 0 where key = g.key and failures > 0 and heard <> 'nothing';
    elsif g.failures + 1 >= (told ->> 'failuresMax')::integer or g.costly_failures + costly >= costly_max then
      update pawl.gate set failures = g.failures + 1, down_since = now, probe_id = null,
        next_probe_at = now + pawl.probe_window(null, now)
      where key = g.key;
      return 'opened';
    else
      update pawl.gate set failures = g.failures + 1 where key = g.key;
    end if;
  elsif is_probe and heard = 'answered' and g.costly_failures >= costly_max then
    -- Replies have begun before and broken off: it is waited for its end.
    update pawl.gate set next_probe_at = greatest(next_probe_at, now + interval '2 minutes') where key = g.key;
  elsif is_probe and heard in ('outage', 'nothing') then
    update pawl.gate set probe_id = null, next_probe_at = case
        when heard = 'nothing' then now
        when costly > 0 then now + greatest(pawl.probe_window(g, now), pawl.costly_window(g.costly_failures - costly_max))
        else now + pawl.probe_window(g, now) end
    where key = g.key;
  elsif is_probe then
    update pawl.gate set failures = 0, down_since = null, next_probe_at = null, probe_id = null where key = g.key;
    return 'closed';
  end if;
  return turned;
end $$;
