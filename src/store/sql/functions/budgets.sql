-- Setting caps (B1, B2). Whoever changes one stops the books for that moment: everybody who books holds the table
-- of holds in row exclusive mode to the end of the transaction, so nothing is half counted meanwhile.

create or replace function pawl.stop_the_books() returns void language plpgsql as $$
begin
  lock table pawl.hold in share row exclusive mode;
end $$;

create or replace function pawl.set_budget(b jsonb) returns void language plpgsql as $$
begin
  perform pawl.stop_the_books();
  insert into pawl.budget (key, scope, tenant, session, cap, is_set)
  values (b ->> 'key', b ->> 'scope', b ->> 'tenant', b ->> 'session', (b ->> 'capMicroUsd')::bigint, true)
  on conflict (key) do update set cap = excluded.cap, is_set = true, changed_at = clock_timestamp();
  perform pawl.write_caps_through(b ->> 'key');
end $$;

-- Back to what the environment says, or to the next budget that is set.
create or replace function pawl.unset_budget(of_key text) returns void language plpgsql as $$
begin
  perform pawl.stop_the_books();
  update pawl.budget set cap = seed, is_set = false, changed_at = clock_timestamp()
  where key = of_key and seed is not null;
  delete from pawl.budget where key = of_key and seed is null;
  perform pawl.write_caps_through(of_key);
end $$;

-- `seeds`: by scope, what a worker's environment says; null where it says nothing. What an operator has set stays.
create or replace function pawl.seed_budgets(seeds jsonb) returns void language plpgsql as $$
declare
  new record;
begin
  if not exists (select from jsonb_each_text(seeds) s left join pawl.budget b on b.key = s.key
    where b.seed is distinct from s.value::bigint) then return; end if;
  perform pawl.stop_the_books();
  for new in
    select s.key as scope, s.value::bigint as cap from jsonb_each_text(seeds) s left join pawl.budget b on b.key = s.key
    where b.seed is distinct from s.value::bigint
  loop
    if new.cap is null then
      delete from pawl.budget where key = new.scope and not is_set;
      update pawl.budget set seed = null where key = new.scope;
    else
      insert into pawl.budget (key, scope, cap, seed, is_set) values (new.scope, new.scope, new.cap, new.cap, false)
      on conflict (key) do update set seed = excluded.seed,
        cap = case when budget.is_set then budget.cap else excluded.cap end;
    end if;
    perform pawl.write_caps_through(new.scope);
  end loop;
end $$;

-- False where the account has no cap: then nothing was raised.
create or replace function pawl.raise_budget(r jsonb) returns boolean language plpgsql as $$
declare
  s record;
begin
  perform pawl.stop_the_books();
  select * into s from pawl.scopes_of(coalesce(r ->> 'tenant', ''), coalesce(r ->> 'session', ''), pawl.today())
  where scope = r ->> 'scope';
  if pawl.cap_of(s.key, s.budget_keys) is null then return false; end if;
  insert into pawl.budget_raise (raise_id, account_key, added)
  values (r ->> 'raiseId', s.key, (r ->> 'addedMicroUsd')::bigint)
  on conflict (raise_id) do nothing;
  update pawl.account set cap = pawl.cap_of(key, budget_keys) where key = s.key;
  return true;
end $$;

-- Contract: the books are stopped. Open accounts take the cap over; a payer that had no cap gets the account of this
-- period, with what it used and holds in it by now.
create or replace function pawl.write_caps_through(changed text) returns void language plpgsql as $$
begin
  update pawl.account set cap = pawl.cap_of(key, budget_keys)
  where changed = any (budget_keys) and (period_ends is null or period_ends > now())
    and cap::bigint is distinct from pawl.cap_of(key, budget_keys);
  insert into pawl.account (key, scope, cap, spent, feared, held, budget_keys, period_ends)
  select s.key, s.scope, pawl.cap_of(s.key, s.budget_keys), used.spent, used.feared, used.held, s.budget_keys, s.period_ends
  from pawl.used_in(split_part(changed, '/', 1), null) used,
    pawl.scopes_of(used.tenant, used.session, pawl.today()) s
  where s.scope = split_part(changed, '/', 1) and changed = any (s.budget_keys)
    and pawl.cap_of(s.key, s.budget_keys) is not null
    and not exists (select from pawl.account a where a.key = s.key);
end $$;

-- What payers used in the present period of a scope, and hold: roll-up, tail and open holds.
create or replace function pawl.used_in(of_scope text, of_tenant text)
returns table (tenant text, session text, spent bigint, feared bigint, held bigint) language sql stable as $$
  with entry as (
    select d.tenant, '' as session, d.day, d.spent, d.feared, 0::bigint as held
    from pawl.usage_day d where of_scope <> 'session'
    union all
    select n.tenant, n.session, n.last_day, n.spent, n.feared, 0
    from pawl.usage_session n where of_scope = 'session'
    union all
    select t.tenant, t.session, t.day, t.spent, t.feared, 0 from pawl.usage_tail t
    union all
    select h.tenant, h.session, h.day, 0, 0, h.amount from pawl.hold h
  )
  select case when of_scope = 'global_day' then '' else e.tenant end,
    case when of_scope = 'session' then e.session else '' end,
    sum(e.spent)::bigint, sum(e.feared)::bigint, sum(e.held)::bigint
  from entry e
  where (of_tenant is null or of_scope = 'global_day' or e.tenant = of_tenant)
    and (of_scope = 'session' or e.day between
      case when of_scope = 'tenant_month' then date_trunc('month', pawl.today()::timestamp)::date else pawl.today() end
      and pawl.today())
  group by 1, 2
$$;

-- What holds for an account now, whether or not there is one.
create or replace function pawl.budget_state(name jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'key', s.key, 'limit', s.scope,
    'capMicroUsd', (pawl.cap_left(s.key, s.budget_keys)).cap,
    'spentMicroUsd', coalesce(a.spent, used.spent, 0), 'heldMicroUsd', coalesce(a.held, used.held, 0),
    'fearedMicroUsd', coalesce(a.feared, used.feared, 0), 'raisedMicroUsd', pawl.raised(s.key),
    'budget', (
      select case when b.is_set then b.key end from unnest(s.budget_keys) with ordinality k(key, nth)
      join pawl.budget b on b.key = k.key order by k.nth limit 1),
    'resetsAt', pawl.utc_text(s.period_ends))
  from pawl.scopes_of(coalesce(name ->> 'tenant', ''), coalesce(name ->> 'session', ''), pawl.today()) s
  left join pawl.account a on a.key = s.key
  left join lateral (
    select * from pawl.used_in(s.scope, coalesce(name ->> 'tenant', '')) u
    where a.key is null and (s.scope <> 'session' or u.session = name ->> 'session')
  ) used on true
  where s.scope = name ->> 'scope'
  union all
  select pawl.states_of(r.run_id, '{}') -> 0 || '{"raisedMicroUsd": 0, "budget": null, "resetsAt": null}'
  from pawl.run r where name ->> 'scope' = 'cost' and r.run_id = name ->> 'runId'
$$;
