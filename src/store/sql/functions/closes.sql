-- How holds end. A close says what the attempt came to: `settled` with its reply and the real cost, `voided` where
-- it was provably free, `unsent` where it never left this machine, `lost` where nobody knows. What it may
-- have cost beyond what is known is feared, which counts but is not spent.

create or replace function pawl.tokens(usage jsonb, kind text) returns bigint language sql immutable as $$
  select coalesce((usage ->> kind)::bigint, 0)
$$;

-- `spent` null: nothing is known to be. `feared` null: of a lost attempt, the rest of its hold.
create or replace function pawl.ended(h pawl.hold, state text, spent bigint, feared bigint, model text, usage jsonb)
returns pawl.call language sql as $$
  select row(h.day, h.hold_id, h.run_id, h.tenant, h.session, h.agent, coalesce(model, h.model), h.lane, h.attempt,
    state, h.amount, coalesce(spent, 0),
    coalesce(feared, case state when 'lost' then greatest(h.amount - coalesce(spent, 0), 0) else 0 end),
    h.shares, pawl.tokens(usage, 'inputTokens'), pawl.tokens(usage, 'cacheReadTokens'),
    pawl.tokens(usage, 'cacheWrite5mTokens'), pawl.tokens(usage, 'cacheWrite1hTokens'),
    pawl.tokens(usage, 'outputTokens'), pawl.tokens(usage, 'webSearchRequests'), clock_timestamp())::pawl.call
$$;

-- Those of the batch whose hold is open; of two for one hold the first.
create or replace function pawl.closes_in(batch jsonb, locked text[]) returns pawl.call[] language plpgsql as $$
begin
  return (
  select coalesce(array_agg(pawl.ended(h, c.item ->> 'state', (c.item ->> 'spentMicroUsd')::bigint,
    (c.item ->> 'fearedMicroUsd')::bigint, c.item ->> 'model', c.item -> 'usage')), '{}')
  from (
    select distinct on (item ->> 'holdId') item ->> 'holdId' as hold_id, item
    from jsonb_array_elements(batch) with ordinality items(item, place)
    where item ->> 'op' = 'close' order by item ->> 'holdId', place
  ) c
  join pawl.hold h on h.hold_id = c.hold_id
  where h.hold_id = any (locked)
  );
end $$;

-- Reply and messages are written in the transaction that pays for them.
create or replace function pawl.journal_replies(batch jsonb, closes pawl.call[]) returns void language plpgsql as $$
declare
  settled constant text[] := array(select hold_id from unnest(closes) where state = 'settled');
  replies jsonb;
begin
  if settled = '{}' then return; end if;
  replies := (select jsonb_agg(item) from jsonb_array_elements(batch) item
    where item ->> 'op' = 'close' and item ->> 'state' = 'settled' and item ->> 'holdId' = any (settled));
  perform pawl.put_messages(
    (select jsonb_agg(m) from jsonb_array_elements(replies) item, jsonb_array_elements(item -> 'messages') m),
    (select jsonb_agg(l) from jsonb_array_elements(replies) item, jsonb_array_elements(item -> 'links') l))
  where exists (select from jsonb_array_elements(replies) item where item -> 'messages' <> '[]' or item -> 'links' <> '[]');
  insert into pawl.reply (call_key, run_id, hold_id, spent, attempts, lost, journal)
  select distinct on (h.call_key) h.call_key, h.run_id, h.hold_id, (item ->> 'spentMicroUsd')::bigint,
    case when r.last_call = h.call_key then r.call_attempts else 1 end,
    case when r.last_call = h.call_key then r.call_lost else 0 end, item ->> 'journal'
  from jsonb_array_elements(replies) item
  join pawl.hold h on h.hold_id = item ->> 'holdId'
  join pawl.run r on r.run_id = h.run_id
  order by h.call_key, h.attempt
  on conflict (call_key) do nothing;
end $$;

-- Contract: the holds are locked and open. The accounts are written by pawl.decide, once a batch.
create or replace function pawl.write_closes(closes pawl.call[]) returns void language plpgsql as $$
begin
  if closes = '{}' then return; end if;
  insert into pawl.call select c.* from unnest(closes) c where c.state <> 'unsent';
  insert into pawl.usage_tail
  select c.day, c.tenant, c.session, c.agent, c.model, c.lane,
    pawl.band_of(c.input_tokens + c.cache_read_tokens + c.cache_write_5m_tokens + c.cache_write_1h_tokens),
    (r.last_day is null and row_number() over (partition by c.run_id order by c.hold_id) = 1)::integer,
    (c.state = 'settled')::integer, 1, c.input_tokens, c.cache_read_tokens, c.cache_write_5m_tokens,
    c.cache_write_1h_tokens, c.output_tokens, c.web_search_requests, c.spent, c.feared
  from unnest(closes) c join pawl.run r on r.run_id = c.run_id where c.state <> 'unsent';
  perform pawl.write_runs(closes);
  insert into pawl.ended_attempt (hold_id, run_id) select hold_id, run_id from unnest(closes) where state <> 'settled';
  if exists (select from unnest(closes) where lane = 'batch') then
    update pawl.lane_call l set state = c.state from unnest(closes) c
    where l.hold_id = c.hold_id and c.state <> 'unsent';
    delete from pawl.lane_call where hold_id = any (array(select hold_id from unnest(closes) where state = 'unsent'));
  end if;
  delete from pawl.hold where hold_id = any (array(select hold_id from unnest(closes)));
end $$;

create or replace function pawl.write_runs(closes pawl.call[]) returns void language plpgsql as $$
begin
  update pawl.run r set
    spent = r.spent + d.spent, held = r.held - d.held, feared = r.feared + d.feared, lost = r.lost + d.lost,
    calls = r.calls + d.calls, attempts = r.attempts - d.unsent,
    input_tokens = r.input_tokens + d.input, cache_read_tokens = r.cache_read_tokens + d.cache_read,
    cache_write_5m_tokens = r.cache_write_5m_tokens + d.cache_write_5m,
    cache_write_1h_tokens = r.cache_write_1h_tokens + d.cache_write_1h,
    output_tokens = r.output_tokens + d.output, web_search_requests = r.web_search_requests + d.searches,
    call_attempts = r.call_attempts - d.call_unsent, call_lost = r.call_lost + d.call_lost,
    last_day = greatest(r.last_day, d.day)
  from (
    select c.run_id, sum(c.spent)::bigint as spent, sum(c.amount)::bigint as held, sum(c.feared)::bigint as feared,
      coalesce(sum(c.spent) filter (where c.state = 'lost'), 0)::bigint as lost,
      count(*) filter (where c.state = 'settled') as calls, count(*) filter (where c.state = 'unsent') as unsent,
      sum(c.input_tokens)::bigint as input, sum(c.cache_read_tokens)::bigint as cache_read,
      sum(c.cache_write_5m_tokens)::bigint as cache_write_5m, sum(c.cache_write_1h_tokens)::bigint as cache_write_1h,
      sum(c.output_tokens)::bigint as output, sum(c.web_search_requests)::bigint as searches,
      count(*) filter (where c.state = 'unsent' and h.call_key = own.last_call) as call_unsent,
      coalesce(sum(c.spent + c.feared) filter (where c.state = 'lost' and h.call_key = own.last_call), 0)::bigint as call_lost,
      max(c.day) filter (where c.state <> 'unsent') as day
    from unnest(closes) c
    join pawl.hold h on h.hold_id = c.hold_id
    join pawl.run own on own.run_id = c.run_id
    group by c.run_id
  ) d where r.run_id = d.run_id;
end $$;

-- Who repeats the very settlement that was made (its answer was lost) is told so again.
create or replace function pawl.close_answers(batch jsonb, closes pawl.call[])
returns table (place bigint, answer jsonb) language plpgsql as $$
#variable_conflict use_column
begin
  return query
  with close as (
    select items.place, item, item ->> 'state' as state, item ->> 'holdId' as hold_id,
      row_number() over (partition by item ->> 'holdId' order by items.place) = 1 as is_first
    from jsonb_array_elements(batch) with ordinality items(item, place) where item ->> 'op' = 'close'
  )
  select close.place, case
      when close.state <> 'settled' then
        jsonb_build_object('kind', case when done.hold_id is null then 'resolved' else close.state end)
      when done.hold_id is not null then jsonb_build_object('kind', 'settled', 'accounts',
        pawl.states_of(done.run_id, pawl.account_keys(done.tenant, done.session, done.day, done.shares)))
      when r.run_id is not null then jsonb_build_object('kind', 'settled', 'accounts',
        pawl.states_of(r.run_id, pawl.account_keys(r.tenant, r.session, r.last_day, '{}')))
      else '{"kind": "late"}' end
  from close
  left join unnest(closes) done on done.hold_id = close.hold_id and close.is_first
  left join pawl.reply j on close.state = 'settled' and done.hold_id is null and j.call_key = close.item ->> 'callKey'
    and j.hold_id = close.hold_id and j.journal = close.item ->> 'journal'
    and j.spent = (close.item ->> 'spentMicroUsd')::bigint
  left join pawl.run r on r.run_id = j.run_id;
end $$;
