-- Usage is appended to a tail, and summed up from there (L7 in tables/01-money.sql): what was taken off the tail is
-- in the roll-ups in the same transaction, so whoever adds roll-up and tail in one statement counts all once.

-- At most `rows_max` rows of the tail; how many it were. One at a time: two could wait for each other's rows.
create or replace function pawl.roll_up(rows_max integer) returns integer language plpgsql as $$
declare
  taken pawl.usage_tail[];
begin
  if not exists (select from pawl.usage_tail) or not pg_try_advisory_xact_lock(7295402) then return 0; end if;
  with gone as (
    delete from pawl.usage_tail where ctid = any (array(
      select ctid from pawl.usage_tail limit rows_max for update skip locked))
    returning usage_tail
  )
  select array_agg(usage_tail) into taken from gone;
  perform pawl.add_to_days(taken);
  perform pawl.add_to_bands(taken);
  perform pawl.add_to_sessions(taken);
  return coalesce(cardinality(taken), 0);
end $$;

create or replace function pawl.add_to_days(taken pawl.usage_tail[]) returns void language sql as $$
  insert into pawl.usage_day as known (tenant, day, agent, model, lane, runs, calls, attempts, input_tokens,
    cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests, spent, feared)
  select tenant, day, agent, model, lane, sum(runs), sum(calls), sum(attempts), sum(input_tokens),
    sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens),
    sum(web_search_requests), sum(spent), sum(feared)
  from unnest(taken) group by tenant, day, agent, model, lane
  on conflict (tenant, day, agent, model, lane) do update set
    runs = known.runs + excluded.runs, calls = known.calls + excluded.calls,
    attempts = known.attempts + excluded.attempts, input_tokens = known.input_tokens + excluded.input_tokens,
    cache_read_tokens = known.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_5m_tokens = known.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = known.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    output_tokens = known.output_tokens + excluded.output_tokens,
    web_search_requests = known.web_search_requests + excluded.web_search_requests,
    spent = known.spent + excluded.spent, feared = known.feared + excluded.feared
$$;

-- Replies alone: what lost attempts read and wrote nobody knows.
create or replace function pawl.add_to_bands(taken pawl.usage_tail[]) returns void language sql as $$
  insert into pawl.usage_band as known (tenant, day, model, band, calls, input_tokens, cache_read_tokens,
    cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests, spent)
  select tenant, day, model, band, sum(calls), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens),
    sum(cache_write_1h_tokens), sum(output_tokens), sum(web_search_requests), sum(spent)
  from unnest(taken) where calls > 0 group by tenant, day, model, band
  on conflict (tenant, day, model, band) do update set
    calls = known.calls + excluded.calls, input_tokens = known.input_tokens + excluded.input_tokens,
    cache_read_tokens = known.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_5m_tokens = known.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = known.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    output_tokens = known.output_tokens + excluded.output_tokens,
    web_search_requests = known.web_search_requests + excluded.web_search_requests,
    spent = known.spent + excluded.spent
$$;

create or replace function pawl.add_to_sessions(taken pawl.usage_tail[]) returns void language sql as $$
  insert into pawl.usage_session as known (tenant, session, last_day, runs, calls, attempts, input_tokens,
    cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests, spent, feared)
  select tenant, session, max(day), sum(runs), sum(calls), sum(attempts), sum(input_tokens),
    sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens),
    sum(web_search_requests), sum(spent), sum(feared)
  from unnest(taken) group by tenant, session
  on conflict (tenant, session) do update set
    last_day = greatest(known.last_day, excluded.last_day),
    runs = known.runs + excluded.runs, calls = known.calls + excluded.calls,
    attempts = known.attempts + excluded.attempts, input_tokens = known.input_tokens + excluded.input_tokens,
    cache_read_tokens = known.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_5m_tokens = known.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = known.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    output_tokens = known.output_tokens + excluded.output_tokens,
    web_search_requests = known.web_search_requests + excluded.web_search_requests,
    spent = known.spent + excluded.spent, feared = known.feared + excluded.feared
$$;
