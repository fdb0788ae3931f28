-- Which folder each worker keeps the files of runs in: they are one fleet only where it is the same one. A row of a
-- worker whose lease is gone says where the files of earlier runs are.
create table pawl.worker_files (
  lease_id text primary key,
  folder_id text, -- the mark in the folder; null where it can't be used
  place text not null, -- host and path, for people
  trouble text,
  noted_at timestamptz not null default clock_timestamp()
);
