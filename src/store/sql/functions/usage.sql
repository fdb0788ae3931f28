-- What was used, in groups: roll-up, tail and open calls added up in one statement, so exact at any time. What is
-- feared is in no `spent`. A run counts in the group of its first call.

-- Calls under way, as they will count.
create or replace function pawl.open_usage()
returns table (day date, tenant text, session text, agent text, model text, lane text, runs bigint, held bigint)
language sql stable as $$
  select h.day, h.tenant, h.session, h.agent, h.model, h.lane,
    (r.last_day is null and row_number() over (partition by h.run_id order by h.hold_id) = 1)::integer::bigint,
    h.amount::bigint
  from pawl.hold h join pawl.run r on r.run_id = h.run_id
$$;

-- By tenant, agent, model, lane or day; from the day `since` on.
create or replace function pawl.usage_by(by text, whose text, since date) returns setof pawl.usage_group
language sql stable as $$
  select
    case by when 'tenant' then e.tenant when 'agent' then e.agent when 'model' then e.model when 'lane' then e.lane
      else e.day::text end,
    case when by = 'tenant' then e.tenant end,
    sum(e.runs)::bigint, sum(e.calls)::bigint, sum(e.attempts)::bigint, sum(e.input_tokens)::bigint,
    sum(e.cache_read_tokens)::bigint, sum(e.cache_write_5m_tokens)::bigint, sum(e.cache_write_1h_tokens)::bigint,
    sum(e.output_tokens)::bigint, sum(e.web_search_requests)::bigint, sum(e.spent)::bigint, sum(e.feared)::bigint,
    sum(e.held)::bigint
  from (
    select day, tenant, agent, model, lane, runs, calls, attempts, input_tokens, cache_read_tokens,
      cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests, spent, feared, 0::bigint as held
    from pawl.usage_day
    union all
    select day, tenant, agent, model, lane, runs, calls, attempts, input_tokens, cache_read_tokens,
      cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests, spent, feared, 0::bigint
    from pawl.usage_tail
    union all
    select day, tenant, agent, model, lane, runs, 0::bigint, 1::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
      0::bigint, 0::bigint, 0::bigint, 0::bigint, held
    from pawl.open_usage()
  ) e
  where (whose is null or e.tenant = whose) and (since is null or e.day >= since)
  group by 1, 2
$$;

-- Runs that made a call since then, each whole, for as long as they are kept (docs/database.md): how many, and the
-- dearest.
create or replace function pawl.usage_by_run(whose text, since date, rows_max integer,
  out groups bigint, out dearest pawl.usage_group[])
language sql stable as $$
  with own as not materialized (
    select * from pawl.run
    where attempts > 0 and (whose is null or tenant = whose) and (since is null or last_day >= since or held > 0)
  )
  select (select count(*) from own), array(
    select row(r.run_id, r.tenant, 1, r.calls, r.attempts, r.input_tokens, r.cache_read_tokens, r.cache_write_5m_tokens,
      r.cache_write_1h_tokens, r.output_tokens, r.web_search_requests, r.spent, r.feared, r.held)::pawl.usage_group
    from (select run_id from own order by spent + feared desc, run_id limit rows_max) top
    join pawl.run r on r.run_id = top.run_id order by r.spent + r.feared desc, r.run_id)
$$;

-- Sessions that used anything since then, each with all that it ever used: how many, and the dearest. Those with
-- something in the tail can pass others: so many more are looked at.
create or replace function pawl.usage_by_session(whose text, since date, rows_max integer,
  out groups bigint, out dearest pawl.usage_group[])
language sql stable as $$
  with recent as materialized (
    select * from (
      select tenant, session, day as last_day, runs, calls, attempts, input_tokens, cache_read_tokens,
        cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests, spent, feared, 0::bigint as held
      from pawl.usage_tail
      union all
      select tenant, session, day, runs, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, held from pawl.open_usage()
    ) e where whose is null or tenant = whose
  ), known as not materialized (
    select * from pawl.usage_session
    where (whose is null or tenant = whose) and (since is null or last_day >= since)
  ), entry as (
    select *, 0::bigint as held from (
      (select * from known order by spent + feared desc, session limit rows_max + (select count(*) from recent))
      union
      select u.* from (select distinct tenant, session from recent) r
      join pawl.usage_session u on u.tenant = r.tenant and u.session = r.session
    ) candidate
    union all
    select * from recent
  )
  select
    (select count(*) from known) + (
      select count(*) from (
        select tenant, session from recent group by tenant, session having since is null or max(last_day) >= since
      ) r where not exists (select from known k where k.tenant = r.tenant and k.session = r.session)),
    array(
      select row(session, tenant, sum(runs), sum(calls), sum(attempts), sum(input_tokens), sum(cache_read_tokens),
        sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(web_search_requests),
        sum(spent), sum(feared), sum(held))::pawl.usage_group
      from entry group by tenant, session having since is null or max(last_day) >= since
      order by sum(spent + feared) desc, session limit rows_max)
$$;

create or replace function pawl.usage_json(g pawl.usage_group) returns jsonb language sql immutable as $$
  select jsonb_build_object('name', g.name, 'tenant', g.of_tenant, 'runs', g.runs, 'calls', g.calls,
    'attempts', g.attempts, 'tokens', jsonb_build_object('inputTokens', g.input_tokens,
      'cacheReadTokens', g.cache_read_tokens, 'cacheWrite5mTokens', g.cache_write_5m_tokens,
      'cacheWrite1hTokens', g.cache_write_1h_tokens, 'outputTokens', g.output_tokens,
      'webSearchRequests', g.web_search_requests),
    'spentMicroUsd', g.spent, 'fearedMicroUsd', g.feared, 'heldMicroUsd', g.held)
$$;

create or replace function pawl.usage_sum(groups pawl.usage_group[]) returns pawl.usage_group language sql immutable as $$
  select row(null, null, coalesce(sum(runs), 0)::bigint, coalesce(sum(calls), 0)::bigint,
    coalesce(sum(attempts), 0)::bigint, coalesce(sum(input_tokens), 0)::bigint,
    coalesce(sum(cache_read_tokens), 0)::bigint, coalesce(sum(cache_write_5m_tokens), 0)::bigint,
    coalesce(sum(cache_write_1h_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint,
    coalesce(sum(web_search_requests), 0)::bigint, coalesce(sum(spent), 0)::bigint,
    coalesce(sum(feared), 0)::bigint, coalesce(sum(held), 0)::bigint)::pawl.usage_group
  from unnest(groups)
$$;

-- The dearest groups, or the latest days; how many groups there are; and all that was used from that day on, which is
-- the same however it is grouped.
create or replace function pawl.usage_report(by text, whose text, since date, rows_max integer) returns jsonb
language plpgsql stable as $$
declare
  used pawl.usage_group[];
  top pawl.usage_group[];
  groups bigint;
begin
  if by = 'run' then
    select * into groups, top from pawl.usage_by_run(whose, since, rows_max);
  elsif by = 'session' then
    select * into groups, top from pawl.usage_by_session(whose, since, rows_max);
  end if;
  used := array(select g from pawl.usage_by(case when groups is null then by else 'lane' end, whose, since) g
    order by case when by = 'day' then g.name end desc, g.spent + g.feared desc, g.name);
  return jsonb_build_object(
    'groups', coalesce(groups, cardinality(used)), 'total', pawl.usage_json(pawl.usage_sum(used)),
    'rows', (select coalesce(jsonb_agg(pawl.usage_json(g[nth]) order by nth), '[]')
      from (select coalesce(top, used[:rows_max]) as g) shown, generate_subscripts(g, 1) nth));
end $$;

-- Replies by model and length of prompt, with what was paid for them.
create or replace function pawl.usage_by_band(whose text, since date)
returns table (model text, band bigint, calls bigint, tokens jsonb, paid bigint) language sql stable as $$
  select e.model, e.band, sum(e.calls)::bigint, jsonb_build_object('inputTokens', sum(e.input_tokens),
      'cacheReadTokens', sum(e.cache_read_tokens), 'cacheWrite5mTokens', sum(e.cache_write_5m_tokens),
      'cacheWrite1hTokens', sum(e.cache_write_1h_tokens), 'outputTokens', sum(e.output_tokens),
      'webSearchRequests', sum(e.web_search_requests)), sum(e.spent)::bigint
  from (
    select tenant, day, model, band, calls, input_tokens, cache_read_tokens, cache_write_5m_tokens,
      cache_write_1h_tokens, output_tokens, web_search_requests, spent
    from pawl.usage_band
    union all
    select tenant, day, model, band, calls, input_tokens, cache_read_tokens, cache_write_5m_tokens,
      cache_write_1h_tokens, output_tokens, web_search_requests, spent
    from pawl.usage_tail where calls > 0
  ) e
  where (whose is null or e.tenant = whose) and (since is null or e.day >= since)
  group by e.model, e.band order by 3 desc, e.model, e.band
$$;

