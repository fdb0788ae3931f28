-- What a call must pass: the circuit, then the buckets.

-- The buckets are the last that a call must pass: what it draws there is gone. `watched`: the gate wants to hear
-- that the call was answered, and that it was completed; `drawn`: it wants to hear what the call used.
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
    return jsonb_build_object('kind', 'pass', 'watched', coalesce(g.failures + g.costly_failures, 0) > 0);
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

  -- A call of which nobody said what it needs draws nothing.
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
    'isProbe', nullif(g.down_since is not null, false),
    'watched', g.down_since is not null or g.allowance is not null or g.failures + g.costly_failures > 0));
end $$;

-- `counted`: news of the buckets alone, of a call that was heard of before.
create or replace function pawl.tell_gate(told jsonb) returns text language plpgsql as $$
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
