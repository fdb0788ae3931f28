-- Transcripts: message bodies by content hash, and the chain of links over them. A cache of what is in
-- history: any row may be lost. Bodies are JSON text, byte for byte as they were written.

create table pawl.message (
  run_id text not null,
  ref text not null,
  body text not null,
  primary key (run_id, ref)
);

create table pawl.link (
  run_id text not null,
  head text not null,
  prev_head text not null, -- '' at the beginning
  ref text not null,
  primary key (run_id, head)
);
