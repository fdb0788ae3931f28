-- Behind which lock each worker runs code, told by those whose agents may have any run.
create table pawl.worker_sandboxes (
  lease_id text primary key,
  tier text, -- null where no lock holds
  place text not null, -- the host, for people
  detail text not null, -- what runs behind it, or why none holds
  noted_at timestamptz not null default clock_timestamp()
);
