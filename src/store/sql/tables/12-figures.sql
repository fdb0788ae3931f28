-- Figures of one group: a run, a session, a tenant, an agent, a model, a lane or a day.
create type pawl.usage_group as (
  name text,
  of_tenant text, -- of a run, a session and a tenant
  runs bigint,
  calls bigint,
  attempts bigint,
  input_tokens bigint,
  cache_read_tokens bigint,
  cache_write_5m_tokens bigint,
  cache_write_1h_tokens bigint,
  output_tokens bigint,
  web_search_requests bigint,
  spent bigint,
  feared bigint,
  held bigint
);
