-- What figures need beside the money itself.

alter table pawl.usage_day drop constraint usage_day_pkey;
-- Prompt lengths are a roll-up of their own, below: figures that do not ask for them read a tenth of the rows.
alter table pawl.usage_day drop column band;
alter table pawl.usage_day add primary key (tenant, day, agent, model, lane);

-- Replies whose prompts are about as long, so that they can be repriced.
create table pawl.usage_band (
  tenant text not null,
  day date not null,
  model text not null,
  band bigint not null, -- no prompt of it is longer, in tokens (pawl.band_of)
  calls bigint not null,
  input_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_5m_tokens bigint not null,
  cache_write_1h_tokens bigint not null,
  output_tokens bigint not null,
  web_search_requests bigint not null,
  spent bigint not null,
  primary key (tenant, day, model, band)
);
create index usage_band_by_day on pawl.usage_band (day);

-- Rows of the tail live for a second, and those of a day or a session grow every second: in place, where there is room.
alter table pawl.usage_tail set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
alter table pawl.usage_day set (fillfactor = 70);
alter table pawl.usage_band set (fillfactor = 70);
alter table pawl.usage_session set (fillfactor = 70);

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
