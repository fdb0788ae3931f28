-- What an ask gets: a reply that is there already, word that it is not its turn, or a hold.

-- The worst case, with one micro-USD for the rounding of the sum of two parts.
create or replace function pawl.worst_case(fixed bigint, reply_rate bigint, reply_tokens bigint)
returns bigint language sql immutable as $$
  select fixed + (reply_tokens * reply_rate + 999999) / 1000000
$$;

-- Asks that need no decision. `refused` is an error of that caller alone.
create or replace function pawl.verdicts(batch jsonb, closes pawl.call[])
returns table (place bigint, answer jsonb) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  with closed as materialized (select hold_id from unnest(closes)),
  asks as materialized (
    select a.place, a.op, a.hold_id, a.call_key, a.run_id, a.attempt,
      a.op = 'hold' and exists (select from pawl.ended_attempt e where e.hold_id = a.hold_id) as has_ended,
      coalesce(r.last_call = a.call_key, false) as is_last, r.last_attempt, r.call_attempts, r.call_lost
    from pawl.asks_in(batch) a left join pawl.run r on r.run_id = a.run_id
  )
  select a.place, case
      when j.call_key is not null then jsonb_build_object('kind', 'journaled', 'reply', j.journal,
        'attempts', case when a.is_last then a.call_attempts else j.attempts end,
        'crashTaxMicroUsd', case when a.is_last then a.call_lost else j.lost end)
      when other.lane = 'batch' then jsonb_build_object('kind', 'submitted', 'attempt', other.attempt,
        'providerBatchId', l.provider_batch_id, 'intendedAt', l.intended_at)
      when a.op = 'hold' and own.hold_id is not null then jsonb_build_object('kind', 'held',
        'replyTokens', own.reply_tokens, 'heldMicroUsd', own.amount, 'attempts', a.call_attempts,
        'crashTaxMicroUsd', a.call_lost)
      when a.is_last and a.last_attempt > a.attempt then jsonb_build_object('kind', 'refused', 'message',
        format('hold %s: a later attempt at this call has begun, so this one is over', a.hold_id))
      when a.has_ended or (a.is_last and a.last_attempt = a.attempt and a.op = 'hold') then jsonb_build_object('kind', 'refused',
        'message', format('hold %s was resolved before: an attempt that is over needs a new hold', a.hold_id))
      else jsonb_build_object('kind', 'alive', 'attempt', other.attempt, 'leaseEndsInMs',
        greatest(0, ceil(extract(epoch from other.expires_at - clock_timestamp()) * 1000))::bigint)
    end
  from asks a
  left join pawl.reply j on j.call_key = a.call_key
  left join pawl.hold own on own.hold_id = a.hold_id and own.hold_id not in (select hold_id from closed)
  left join lateral (
    select h.hold_id, h.attempt, h.lane, s.expires_at from pawl.hold h left join pawl.lease s using (lease_id)
    where h.run_id = a.run_id and h.call_key = a.call_key and h.hold_id <> a.hold_id
      and h.hold_id not in (select hold_id from closed) and (h.lane = 'batch' or s.expires_at > clock_timestamp())
    order by h.lane, h.attempt desc limit 1
  ) other on true
  left join pawl.lane_call l on l.hold_id = other.hold_id
  where j.call_key is not null or other.hold_id is not null or a.has_ended or (a.op = 'hold' and own.hold_id is not null)
    or (a.is_last and (a.last_attempt > a.attempt or (a.last_attempt = a.attempt and a.op = 'hold')));
end $$;

-- Open holds of runs that ask anew: of attempts that died. Not those of a worker whose lease lives, and no
-- submission of the batch lane.
create or replace function pawl.dead_holds(batch jsonb, answers jsonb[], locked text[], closes pawl.call[])
returns pawl.call[] language plpgsql as $$
begin
  return (
  select coalesce(array_agg(pawl.ended(h, 'lost', null, null, null, null)), '{}')
  from pawl.asks_in(batch) a
  join pawl.hold h on h.run_id = a.run_id and h.hold_id <> a.hold_id
  left join pawl.lease s on s.lease_id = h.lease_id
  where answers[a.place] is null and h.hold_id = any (locked) and h.lane = 'live'
    and (s.expires_at > clock_timestamp()) is not true
    and h.hold_id not in (select hold_id from unnest(closes))
  );
end $$;

-- The accounts as they stand once all that ends has ended, those of runs among them, as arrays to reckon with.
create or replace function pawl.balances(batch jsonb, answers jsonb[], keys text[], closes pawl.call[],
  out keyed text[], out scopes text[], out caps bigint[], out spent bigint[], out feared bigint[], out held bigint[],
  out ends text[])
language plpgsql
set enable_hashjoin = on as $$
#variable_conflict use_column
begin
  select coalesce(array_agg(b.key), '{}'), coalesce(array_agg(b.scope), '{}'), coalesce(array_agg(b.cap), '{}'),
    coalesce(array_agg(b.spent), '{}'), coalesce(array_agg(b.feared), '{}'), coalesce(array_agg(b.held), '{}'),
    coalesce(array_agg(b.ends), '{}')
  into keyed, scopes, caps, spent, feared, held, ends
  from (
    select 'run/' || r.run_id as key, 'cost' as scope, a.run_cap as cap, r.spent::bigint as spent,
      r.feared::bigint as feared, r.held::bigint as held, null as ends
    from pawl.asks_in(batch) a cross join lateral (select * from pawl.run where run_id = a.run_id offset 0) r
    where a.op = 'hold' and answers[a.place] is null
    union all
    select a.key, a.scope, a.cap, a.spent + coalesce(d.spent, 0), a.feared + coalesce(d.feared, 0),
      a.held - coalesce(d.amount, 0), pawl.utc_text(a.period_ends)
    from pawl.account a left join (
      select key, sum(c.spent)::bigint as spent, sum(c.feared)::bigint as feared, sum(c.amount)::bigint as amount
      from unnest(closes) c, unnest(pawl.account_keys(c.tenant, c.session, c.day, c.shares)) key group by key
    ) d on d.key = a.key
    where a.key = any (keys)
  ) b;
end $$;

-- Asks that are still open, each with the places of its accounts among `keyed`: the run's first.
create or replace function pawl.open_asks(batch jsonb, answers jsonb[], keyed text[])
returns table (place bigint, op text, fixed bigint, rate bigint, tokens_min bigint, tokens_max bigint,
  attempts bigint, lost bigint, hold pawl.hold, places integer[])
language plpgsql
set enable_hashjoin = on as $$
#variable_conflict use_column
begin
  return query
  with asks as materialized (
    select * from pawl.asks_in(batch) where answers[asks_in.place] is null
  ), placed as (
    select a.place, array_agg(k.place::integer order by own.nth) as places
    from asks a,
      unnest(array['run/' || a.run_id] || pawl.account_keys(a.tenant, a.session, a.day, a.shares))
        with ordinality own(key, nth),
      unnest(keyed) with ordinality k(key, place)
    where a.op = 'hold' and k.key = own.key group by a.place
  )
  select a.place, a.op, a.fixed, a.rate, a.tokens_min, a.tokens_max,
    case when r.last_call = a.call_key then r.call_attempts else 0 end,
    case when r.last_call = a.call_key then r.call_lost::bigint else 0 end,
    case when a.op = 'hold' then row(a.hold_id, a.call_key, a.run_id, a.attempt, a.lease_id, a.tenant, a.session,
      a.agent, a.model, a.lane, a.day, a.shares, 0, 0, clock_timestamp(),
      clock_timestamp() + a.dead_after_ms * interval '1 millisecond')::pawl.hold end,
    p.places
  from asks a
  left join lateral (select * from pawl.run where run_id = a.run_id offset 0) r on true
  left join placed p on p.place = a.place
  order by a.place;
end $$;
