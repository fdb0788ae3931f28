-- Who may have runs: whoever is charged is named here first, so that a name that only looks like another one, or
-- was made up by a caller, gets no budget of its own. Names are as src/domain/payer-names.ts makes them.
create table pawl.tenant (
  name text primary key,
  added_at timestamptz not null default clock_timestamp()
);
insert into pawl.tenant (name) values ('local');

-- Whoever has a key or a budget is known.
insert into pawl.tenant (name)
select k.tenant from pawl.api_key k where k.tenant ~ '^[a-z0-9][a-z0-9._-]{0,62}$'
union
select b.tenant from pawl.budget b where b.tenant ~ '^[a-z0-9][a-z0-9._-]{0,62}$'
on conflict (name) do nothing;

-- A key of `Acme` must not open what is acme's: whether these two are one, only people know. Few rows.
update pawl.api_key set revoked_at = coalesce(revoked_at, clock_timestamp())
where tenant !~ '^[a-z0-9][a-z0-9._-]{0,62}$';
