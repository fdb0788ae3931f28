-- Which attempts live: a worker process renews one lease for all its open calls. A hold whose lease lives is
-- nobody else's to resolve, but for the end of its run. What the two tables hold is of the moment.
create table pawl.lease (
  lease_id text primary key,
  expires_at timestamptz not null
);

-- What runs want stopped, for the workers where it is at work.
create table pawl.stop_wish (
  execution_id text primary key,
  scheduled_until_ms bigint not null, -- by Temporal's clock: what was scheduled later is not meant
  asked_at timestamptz not null
);
create index stop_wish_by_time on pawl.stop_wish (asked_at);
