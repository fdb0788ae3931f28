-- Who may have runs: whoever is charged is named here first, so that a name that only looks like another one, or
-- was made up by a caller, gets no budget of its own. Names are as src/domain/payer-names.ts makes them.
create table pawl.tenant (
  name text primary key,
  added_at timestamptz not null default clock_timestamp()
);
insert into pawl.tenant (name) values ('local');
