-- The circuit of a provider and model, and the crowd behind a 429 (C1, C2 in tables/07-gates.sql).

-- Of an outage: short at first, so that runs go on soon after it; longer where it lasts, so that those which
-- wait for days fill no history.
create or replace function pawl.probe_window(g pawl.gate, now timestamptz) returns interval language sql immutable as $$
  select greatest(interval '3 s', least(interval '60 s', (now - coalesce(g.down_since, now)) / 20))
$$;

create or replace function pawl.gate_wait(why text, g pawl.gate, wait interval) returns jsonb language sql immutable as $$
  select jsonb_build_object('kind', 'wait', 'why', why, 'downSince', g.down_since,
    'forMs', greatest(0, ceil(extract(epoch from wait) * 1000))::bigint)
$$;

-- What became of a call; says where the circuit opened or closed by it. A call that was under way before the
-- circuit opened says nothing of the provider as it is now: then the probe alone is heard.
create or replace function pawl.tell_circuit(told jsonb) returns text language plpgsql as $$
declare
  heard constant text := told ->> 'heard';
  retry_after constant interval := (told ->> 'retryAfterMs')::bigint * interval '1 millisecond';
  g pawl.gate;
  now timestamptz;
  is_probe boolean;
begin
  insert into pawl.gate (key) values (told ->> 'key') on conflict (key) do nothing;
  select * into g from pawl.gate where key = told ->> 'key' for update;
  now := clock_timestamp();
  is_probe := g.down_since is not null and g.probe_id is not distinct from told ->> 'callId';

  if heard = 'limited' then
    update pawl.gate set blocked_until = greatest(blocked_until, now + retry_after), allowance = 1, let_out_at = null
    where key = g.key;
  elsif g.allowance is not null then
    update pawl.gate set allowance = case
        when heard <> 'answered' then allowance + 1
        when allowance < 30 then allowance + 2 end
    where key = g.key;
  end if;

  if g.down_since is null then
    if heard <> 'outage' then
      update pawl.gate set failures = 0 where key = g.key and failures > 0 and heard <> 'nothing';
    elsif g.failures + 1 >= (told ->> 'failuresMax')::integer then
      update pawl.gate set failures = g.failures + 1, down_since = now, probe_id = null,
        next_probe_at = now + pawl.probe_window(null, now)
      where key = g.key;
      return 'opened';
    else
      update pawl.gate set failures = g.failures + 1 where key = g.key;
    end if;
  elsif is_probe and heard in ('outage', 'nothing') then
    update pawl.gate set probe_id = null,
      next_probe_at = case heard when 'outage' then now + pawl.probe_window(g, now) else now end
    where key = g.key;
  elsif is_probe then
    update pawl.gate set failures = 0, down_since = null, next_probe_at = null, probe_id = null where key = g.key;
    return 'closed';
  end if;
  return null;
end $$;
