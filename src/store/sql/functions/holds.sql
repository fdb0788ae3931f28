-- Holds: how they end, and what the calls they were for came to.

-- Contract: the caller has locked the holds and seen them open. actual null: each costs its full hold.
create or replace function pawl.resolve(hold_ids text[], to_state text, actual_micro_usd bigint)
returns void language plpgsql as $$
declare
  moved_count integer;
begin
  if hold_ids = '{}' then return; end if;
  perform pawl.lock_accounts(array(
    select k from pawl.hold, unnest(account_keys) k where hold_id = any (hold_ids)));
  update pawl.account a
  set held_micro_usd = a.held_micro_usd - moved.held, spent_micro_usd = a.spent_micro_usd + moved.spent
  from (
    select k, sum(held_micro_usd)::bigint as held,
      sum(coalesce(actual_micro_usd, held_micro_usd))::bigint as spent
    from pawl.hold, unnest(account_keys) k where hold_id = any (hold_ids) group by k
  ) moved
  where a.key = moved.k;
  update pawl.hold
  set state = to_state, spent_micro_usd = coalesce(actual_micro_usd, held_micro_usd),
    resolved_at = clock_timestamp()
  where hold_id = any (hold_ids) and state = 'held';
  get diagnostics moved_count = row_count;
  if moved_count <> cardinality(hold_ids) then
    raise exception 'a hold among % was resolved before: nothing is resolved twice', hold_ids;
  end if;
end $$;

-- False where the hold was resolved before, or never made.
create or replace function pawl.resolve_one(of_hold text, to_state text, actual bigint) returns boolean language plpgsql as $$
begin
  perform 1 from pawl.hold where hold_id = of_hold and state = 'held' for update;
  if not found then return false; end if;
  perform pawl.resolve(array[of_hold], to_state, actual);
  return true;
end $$;

create or replace function pawl.call_so_far(of_call text) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'crashTaxMicroUsd', coalesce(sum(spent_micro_usd) filter (where state = 'charged'), 0),
    'attempts', count(*) filter (where state <> 'unsent'))
  from pawl.hold where call_key = of_call
$$;

create or replace function pawl.held(h pawl.hold) returns jsonb language sql stable as $$
  select jsonb_build_object('kind', 'held', 'replyTokens', h.reply_tokens, 'heldMicroUsd', h.held_micro_usd)
    || pawl.call_so_far(h.call_key)
$$;
