-- What an outage and a refusal that name no end are bounded by: how many failures in a row may have cost money,
-- and how long a model has been refused for its rate limit.

alter table pawl.gate
  add column costly_failures integer not null default 0, -- in a row, of calls that may be billed
  add column refusals integer not null default 0, -- rounds in a row that ended in a 429
  add column limited_since timestamptz, -- of the first of them
  add column alerted_at timestamptz; -- that they last was said
