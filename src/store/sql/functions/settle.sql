-- A repeat of the very settlement that was made (its answer was lost) is told so again, and writes nothing.
create or replace function pawl.settle(s jsonb) returns jsonb language plpgsql as $$
declare
  h pawl.hold;
  actual constant bigint := s ->> 'actualMicroUsd';
begin
  select * into h from pawl.hold where hold_id = s ->> 'holdId' for update;
  if h.hold_id is null then
    raise exception 'there is no hold %: nothing to settle', s ->> 'holdId';
  end if;
  if h.state = 'held' then
    perform pawl.put_messages(s -> 'messages', s -> 'links');
    insert into pawl.reply (call_key, run_id, hold_id, journal)
    values (h.call_key, h.run_id, h.hold_id, s ->> 'journal') on conflict (call_key) do nothing;
    perform pawl.resolve(array[h.hold_id], 'settled', actual);
    update pawl.hold set usage = s -> 'usage', model = s ->> 'model' where hold_id = h.hold_id;
  elsif h.state <> 'settled' or h.spent_micro_usd <> actual or not exists (
    select from pawl.reply r where r.hold_id = h.hold_id and r.call_key = h.call_key and r.journal = s ->> 'journal'
  ) then
    return '{"kind": "late"}';
  end if;
  return jsonb_build_object('kind', 'settled', 'accounts', (
    select coalesce(jsonb_agg(pawl.account_state(a) order by array_position(h.account_keys, a.key)), '[]')
    from pawl.account a where a.key = any (h.account_keys)));
end $$;
