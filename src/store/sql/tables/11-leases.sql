-- Which worker processes live: one row each, renewed while they do. An attempt of a worker whose lease lives is
-- not lost, whatever Temporal has heard of it.
create table pawl.lease (
  lease_id text primary key,
  expires_at timestamptz not null
);
