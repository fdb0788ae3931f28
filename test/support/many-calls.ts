// As many settled calls as a fleet makes in a month, written by SQL in place of being made: in the tables and in
// the tail as the books would have left them.

import type { Database } from "../../src/store/database.ts";
import { rollUp } from "../../src/store/roll-up.ts";

export interface ManyCalls {
  readonly runs: number;
  readonly callsPerRun: number;
  /** Up to today; each has a partition. */
  readonly days: number;
  readonly tenants: number;
  readonly messagesPerRun?: number;
}

/** Each run has a day, a tenant, an agent and a session; every other agent asks the same model. */
export async function putManyCalls(db: Database, many: ManyCalls): Promise<void> {
  const { runs, callsPerRun, days, tenants, messagesPerRun = 0 } = many;
  const agentNumber = `n / ${days * tenants} % 4`;
  await db.script(`
    create temporary table pawl_made on commit drop as
    select n, 'run_' || lpad(n::text, 8, '0') as run_id, (now() at time zone 'UTC')::date - n % ${days} as day,
      'tenant-' || n / ${days} % ${tenants} as tenant, 'session-' || n as session, 'agent-' || ${agentNumber} as agent,
      (array['claude-sonnet-5-5', 'claude-haiku-5-5'])[1 + ${agentNumber} % 2] as model
    from generate_series(1, ${runs}) n;
    do $do$ begin for ago in 0..${days - 1} loop
      execute format('create table if not exists pawl.call_%s (like pawl.call including all)',
        to_char(pawl.today() - ago, 'YYYYMMDD'));
      if not (select relispartition from pg_class
        where oid = ('pawl.call_' || to_char(pawl.today() - ago, 'YYYYMMDD'))::regclass) then
        execute format('alter table pawl.call attach partition pawl.call_%s for values from (%L) to (%L)',
          to_char(pawl.today() - ago, 'YYYYMMDD'), pawl.today() - ago, pawl.today() - ago + 1);
      end if;
    end loop; end $do$;
    insert into pawl.run (run_id, tenant, session, agent, cap, spent, calls, attempts, input_tokens, cache_read_tokens,
      output_tokens, last_call, last_attempt, last_day)
    select run_id, tenant, session, agent, 1000000, ${callsPerRun} * (1000 + n % 977), ${callsPerRun}, ${callsPerRun},
      ${callsPerRun} * 2000, ${callsPerRun} * 1000, ${callsPerRun} * 300, run_id || '/1', 1, day from pawl_made;
    insert into pawl.call
    select day, run_id || '/' || nth, run_id, tenant, session, agent, model, 'live', 1, 'settled', 5000,
      1000 + n % 977, 0, '{}', 400 * nth, 200 * nth, 10 * nth, 0, 300, 0, day + time '12:00'
    from pawl_made, generate_series(1, ${callsPerRun}) nth;
    insert into pawl.run_record (run_id, tenant, agent, session, task, offline, outcome, result, cost_micro_usd,
      duration_ms, started_at, ended_at)
    select run_id, tenant, agent, session, '""', false, 'answered', '{}', 1, 1, day, day + time '12:00' from pawl_made;
    insert into pawl.message (run_id, ref, body)
    select run_id, 'message-' || nth, repeat(md5(nth || run_id), 12)
    from pawl_made, generate_series(1, ${messagesPerRun}) nth;
    insert into pawl.link (run_id, head, prev_head, ref)
    select run_id, 'head-' || nth, 'head-' || nth - 1, 'message-' || nth
    from pawl_made, generate_series(1, ${messagesPerRun}) nth;
    insert into pawl.usage_tail
    select day, tenant, session, agent, model, lane,
      pawl.band_of(input_tokens + cache_read_tokens + cache_write_5m_tokens), (hold_id like '%/1')::integer, 1, 1,
      input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_search_requests,
      spent, feared
    from pawl.call;`);
  while ((await rollUp(db)) > 0);
  await db.script("vacuum analyze");
}
