-- What an operator sees of the gates, and how one is opened by hand.

-- A key is the provider and the model, which may have a slash of its own.
create or replace function pawl.is_gate_of(key text, model text) returns boolean language sql immutable as $$
  select model is null or key = model or substr(key, strpos(key, '/') + 1) = model
$$;

create or replace function pawl.is_closed(g pawl.gate) returns boolean language sql stable as $$
  select g.down_since is not null or g.allowance is not null or g.failures + g.costly_failures > 0
$$;

create or replace function pawl.utc(at timestamptz) returns text language sql immutable as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create or replace function pawl.closed_gates() returns jsonb language sql stable as $$
  select coalesce(jsonb_agg(jsonb_build_object(
      'key', g.key,
      'why', case when g.down_since is not null then 'down'
        when g.blocked_until > clock_timestamp() then 'rate_limited' else 'easing' end,
      'since', pawl.utc(coalesce(g.down_since, g.limited_since)),
      'until', case when g.blocked_until > clock_timestamp() then pawl.utc(g.blocked_until)
        when g.down_since is not null then pawl.utc(g.next_probe_at) end,
      'times', case when g.down_since is not null then g.failures else g.refusals end)
    order by g.key), '[]')
  from pawl.gate g where g.down_since is not null or g.allowance is not null
$$;

-- The row goes with all that it remembers of troubles; what is known of its rate limits stays.
create or replace function pawl.lift_gates(model text) returns jsonb language sql as $$
  with lifted as (
    update pawl.gate g set failures = 0, costly_failures = 0, down_since = null, next_probe_at = null, probe_id = null,
      blocked_until = null, allowance = null, let_out_at = null, refusals = 0, limited_since = null, alerted_at = null
    where pawl.is_gate_of(g.key, lift_gates.model) and pawl.is_closed(g)
    returning g.key
  )
  select coalesce(jsonb_agg(key order by key), '[]') from lifted
$$;
