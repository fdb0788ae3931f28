-- Whether a model takes calls now, as the whole fleet knows it: one row a provider and model, from its first
-- trouble on.
--
-- C1. A run of outages opens the circuit: then nothing is sent but one probe a window, over all workers, until
--     one is answered. A probe whose worker died holds nobody up for longer than its lease.
-- C2. Nothing is sent before the time that a 429 named. Behind it calls are let out one by one, and two more
--     for each that was answered, so that a crowd which waited is not the next storm.
create table pawl.gate (
  key text primary key,
  failures integer not null default 0, -- outages in a row
  down_since timestamptz, -- null: the circuit is closed
  next_probe_at timestamptz,
  probe_id text, -- of the call that is the probe
  blocked_until timestamptz,
  allowance integer, -- calls that may go out before one more is answered; null: any number
  let_out_at timestamptz
);

-- Of an outage: short at first, so that runs go on soon after it; longer where it lasts, so that those which
-- wait for days fill no history.
create function pawl.probe_window(g pawl.gate, now timestamptz) returns interval language sql immutable as $$
  select greatest(interval '3 s', least(interval '60 s', (now - coalesce(g.down_since, now)) / 20))
$$;

create function pawl.gate_wait(why text, g pawl.gate, wait interval) returns jsonb language sql immutable as $$
  select jsonb_build_object('kind', 'wait', 'why', why, 'downSince', g.down_since,
    'forMs', greatest(0, ceil(extract(epoch from wait) * 1000))::bigint)
$$;

-- `watched`: the gate wants to hear that the call was answered.
create function pawl.ask_gate(ask jsonb) returns jsonb language plpgsql as $$
declare
  call_id constant text := ask ->> 'callId';
  lease constant interval := (ask ->> 'leaseMs')::bigint * interval '1 millisecond';
  g pawl.gate;
  now timestamptz;
begin
  select * into g from pawl.gate where key = ask ->> 'key';
  if not found or (g.down_since is null and g.allowance is null) then
    return jsonb_build_object('kind', 'pass', 'watched', coalesce(g.failures, 0) > 0);
  end if;

  select * into g from pawl.gate where key = ask ->> 'key' for update;
  now := clock_timestamp();
  if g.blocked_until > now then return pawl.gate_wait('rate_limited', g, g.blocked_until - now); end if;
  if g.down_since is not null and g.probe_id is distinct from call_id then
    if g.next_probe_at > now then
      return pawl.gate_wait('down', g, least(g.next_probe_at - now, pawl.probe_window(g, now)));
    end if;
    update pawl.gate set probe_id = call_id, next_probe_at = now + lease where key = g.key;
  elsif g.down_since is null and g.allowance is not null then
    if g.allowance <= 0 and g.let_out_at > now - lease then
      return pawl.gate_wait('rate_limited', g, interval '1 s');
    end if;
    update pawl.gate set allowance = greatest(g.allowance - 1, 0), let_out_at = now where key = g.key;
  end if;
  return jsonb_build_object('kind', 'pass', 'watched', true);
end $$;

-- What became of a call; says where the circuit opened or closed by it. A call that was under way before the
-- circuit opened says nothing of the provider as it is now: then the probe alone is heard.
create function pawl.tell_gate(told jsonb) returns text language plpgsql as $$
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
