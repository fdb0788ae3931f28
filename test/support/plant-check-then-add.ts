// The bug that shared caps exist to exclude, planted under real workers: read the balance, decide, and only
// then add. What a fleet does with it shows that the tests of the fleet can fail.

import type { Database } from "../../src/store/database.ts";

const LOOKS_BEFORE_IT_ADDS = `
create function pawl.start_attempt(request jsonb) returns jsonb language plpgsql as $$
declare
  asked constant bigint := pawl.worst_case((request #>> '{worst,fixedMicroUsd}')::bigint,
    (request #>> '{worst,replyRate}')::bigint, (request ->> 'replyTokensMax')::bigint);
  full_account jsonb;
begin
  select jsonb_build_object('kind', 'denied', 'limit', given ->> 'limit', 'account', a.key,
      'askedMicroUsd', asked, 'leftMicroUsd', 0, 'spentMicroUsd', a.spent_micro_usd,
      'capMicroUsd', cap, 'temporary', false, 'resetsAt', null,
      'crashTaxMicroUsd', 0)
  into full_account
  from jsonb_array_elements(request -> 'accounts') given
  join pawl.account a on a.key = given ->> 'key',
  lateral (select pawl.cap_of(a.key, (given ->> 'capMicroUsd')::bigint,
    array(select jsonb_array_elements_text(given -> 'budgets'))) as cap) now
  where a.spent_micro_usd + a.held_micro_usd + asked > cap
  limit 1;
  if found then return full_account; end if;
  perform pg_sleep(3);
  return pawl.start_attempt_as_it_was(jsonb_set(request, '{accounts}', (
    select jsonb_agg(given - 'budgets' || '{"capMicroUsd": null}')
    from jsonb_array_elements(request -> 'accounts') given)));
end $$`;

export async function plantCheckThenAdd(db: Database): Promise<void> {
  await db`alter function pawl.start_attempt(jsonb) rename to start_attempt_as_it_was`;
  await db.script(LOOKS_BEFORE_IT_ADDS);
}
