-- Whether an ask is granted (L1), one after the other, against balances in memory; and what is written then.

create or replace function pawl.decide(batch jsonb, keys text[], closes pawl.call[], inout answers jsonb[],
  out granted pawl.hold[])
language plpgsql as $$
declare
  b record;
  ask record;
  own pawl.hold;
  taken bigint[];
  room bigint;
  needed bigint;
  i integer;
begin
  select * into b from pawl.balances(batch, answers, keys, closes);
  taken := b.held;
  granted := '{}';
  for ask in select * from pawl.open_asks(batch, answers, b.keyed) loop
    if ask.op = 'resume' then
      answers[ask.place] := jsonb_build_object('kind', 'open', 'attempts', ask.attempts, 'crashTaxMicroUsd', ask.lost);
      continue;
    end if;
    own := ask.hold;
    if (ask.fixed >= 0 and ask.rate >= 0 and ask.tokens_min >= 0 and ask.tokens_min <= ask.tokens_max) is not true then
      raise exception 'hold %: the worst case is not a sum of non-negative parts, or min > max', own.hold_id;
    end if;
    room := null;
    foreach i in array ask.places loop
      room := least(room, b.caps[i] - b.spent[i] - b.feared[i] - taken[i]);
    end loop;
    needed := pawl.worst_case(ask.fixed, ask.rate, ask.tokens_min);
    -- What costs nothing takes nothing from an account, also from one that is overdrawn.
    if room < needed and not (ask.fixed = 0 and ask.rate = 0) then
      answers[ask.place] := pawl.denial(b, taken, ask.places, needed)
        || jsonb_build_object('crashTaxMicroUsd', ask.lost);
      continue;
    end if;
    own.reply_tokens := case when ask.rate > 0 and room < pawl.worst_case(ask.fixed, ask.rate, ask.tokens_max)
      then (room - ask.fixed) * 1000000 / ask.rate -- most tokens that the tightest account can pay
      else ask.tokens_max end;
    own.amount := pawl.worst_case(ask.fixed, ask.rate, own.reply_tokens);
    foreach i in array ask.places loop
      taken[i] := taken[i] + own.amount;
    end loop;
    granted := granted || own;
    answers[ask.place] := jsonb_build_object('kind', 'held', 'replyTokens', own.reply_tokens,
      'heldMicroUsd', own.amount, 'attempts', ask.attempts + 1, 'crashTaxMicroUsd', ask.lost);
  end loop;
  update pawl.account a set spent = now.spent, feared = now.feared, held = now.held
  from unnest(b.keyed, b.spent, b.feared, taken) now(key, spent, feared, held)
  where a.key = any (keys) and a.key = now.key
    and (a.spent::bigint, a.feared::bigint, a.held::bigint) is distinct from (now.spent, now.feared, now.held);
end $$;

-- The account that says no. One that waiting can't help comes first, then the order of the request.
create or replace function pawl.denial(b record, taken bigint[], places integer[], asked bigint)
returns jsonb language plpgsql stable as $$
declare
  i integer;
  says_no integer;
  is_temporary boolean := true;
begin
  foreach i in array places loop
    if b.spent[i] + b.feared[i] + asked > b.caps[i] then
      says_no := i;
      is_temporary := false;
      exit;
    elsif says_no is null and b.spent[i] + b.feared[i] + taken[i] + asked > b.caps[i] then
      says_no := i;
    end if;
  end loop;
  return jsonb_build_object('kind', 'denied', 'limit', b.scopes[says_no], 'account', b.keyed[says_no],
    'askedMicroUsd', asked, 'leftMicroUsd', b.caps[says_no] - b.spent[says_no] - b.feared[says_no] - taken[says_no],
    'spentMicroUsd', b.spent[says_no], 'fearedMicroUsd', b.feared[says_no], 'capMicroUsd', b.caps[says_no],
    'temporary', is_temporary, 'resetsAt', b.ends[says_no]);
end $$;

create or replace function pawl.write_grants(batch jsonb, granted pawl.hold[]) returns void language plpgsql as $$
begin
  if granted = '{}' then return; end if;
  insert into pawl.hold select g.* from unnest(granted) g;
  update pawl.run r set cap = a.run_cap, held = r.held + g.amount, attempts = r.attempts + 1,
    closed_at = null, last_call = g.call_key, last_attempt = g.attempt,
    call_attempts = case when r.last_call = g.call_key then r.call_attempts else 0 end + 1,
    call_lost = case when r.last_call = g.call_key then r.call_lost::bigint else 0 end
  from unnest(granted) g join pawl.asks_in(batch) a on a.hold_id = g.hold_id
  where r.run_id = g.run_id;
  if exists (select from unnest(granted) where lane = 'batch') then
    insert into pawl.lane_call (hold_id, call_key, run_id, amount, reply_tokens)
    select hold_id, call_key, run_id, amount, reply_tokens from unnest(granted) where lane = 'batch';
  end if;
end $$;
