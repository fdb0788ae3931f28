// Rows of all ages in every table that forgets, written straight into them: what is old and free, what is old and
// needed, and what is young. The names say which.

import type { Database } from "../../src/store/database.ts";
import type { Fate } from "../../src/store/retention-pass.ts";

const DAY_MS = 86_400_000;
const BODIES = 7;

const daysAgo = (days: number): string => new Date(Date.now() - days * DAY_MS).toISOString();
const dayAgo = (days: number): string => daysAgo(days).slice(0, 10);

/** What Temporal says of those that left no record, or no result. */
export const FATES: Readonly<Record<string, Fate>> = {
  waiting: { kind: "open" },
  terminated: { kind: "ended", atMs: Date.now() - 40 * DAY_MS },
  "terminated-lately": { kind: "ended", atMs: Date.now() - 2 * DAY_MS },
  "alone-waiting": { kind: "open" },
  "batch-open": { kind: "open" },
  "batch-terminated": { kind: "ended", atMs: Date.now() - 40 * DAY_MS },
};

interface OldRun {
  readonly id: string;
  readonly endedDaysAgo?: number;
  readonly lastDaysAgo?: number;
  readonly held?: number;
  readonly feared?: number;
}

const RUNS: readonly OldRun[] = [
  { id: "ended", endedDaysAgo: 40 },
  { id: "ended-lately", endedDaysAgo: 2 },
  { id: "feared", endedDaysAgo: 40, feared: 5 },
  { id: "held", endedDaysAgo: 40, held: 5 },
  { id: "reset", endedDaysAgo: 40, lastDaysAgo: 1 },
  { id: "waiting", lastDaysAgo: 60 },
  { id: "terminated" },
  { id: "terminated-lately" },
  { id: "forgotten" },
  { id: "item-of-open", endedDaysAgo: 40 },
  { id: "item-of-ended", endedDaysAgo: 40 },
  { id: "item-of-lately", endedDaysAgo: 40 },
  { id: "item-of-terminated" },
];

export async function putOldRows(db: Database): Promise<void> {
  for (const run of RUNS) await putRun(db, run);
  for (const id of ["alone-forgotten", "alone-waiting"]) {
    await db`insert into pawl.message (run_id, ref, body) values (${id}, 'r', '{}')`;
  }
  await putBatches(db);
  await putMoney(db);
  await putCalls(db);
  for (const [name, days] of [["old", 40] as const, ["young", 2] as const]) {
    const [at, day] = [daysAgo(days), dayAgo(days)];
    await db.script(`
      insert into pawl.release (hold_id, run_id, tenant, feared, spent, released_by, why, released_at)
      values ('${name}', 'r', 't', 1, 0, 'me', 'so', '${at}');
      insert into pawl.cost_alert (tenant, on_day, spent_micro_usd, average_micro_usd) values ('${name}', '${day}', 1, 1);
      insert into pawl.gate_line (key, run_id, tenant, since, due_at, needs, cost) values ('m', '${name}', 't', '${at}', '${at}', '{}', 0);
      insert into pawl.gate_tenant (key, tenant, drawn, at) values ('m', '${name}', 0, '${at}');`);
  }
}

export async function putRun(db: Database, run: OldRun): Promise<void> {
  const { id, endedDaysAgo, lastDaysAgo = 40, held = 0, feared = 0 } = run;
  await db`
    insert into pawl.run (run_id, tenant, session, agent, cap, held, feared, attempts, last_day)
    values (${id}, 't', 's', 'a', 100, ${held}, ${feared}, 1, ${dayAgo(lastDaysAgo)})`;
  await db`
    insert into pawl.message (run_id, ref, body) select ${id}, 'r' || n, '{}' from generate_series(1, ${BODIES}) n`;
  await db`
    insert into pawl.link (run_id, head, prev_head, ref) select ${id}, 'h' || n, '', 'r' || n from generate_series(1, ${BODIES}) n`;
  await db`insert into pawl.artefact_piece (run_id, ref, seq, content) values (${id}, 'f', 0, '""')`;
  await db`
    insert into pawl.reply (call_key, run_id, hold_id, spent, attempts, lost, journal) values (${`${id}/1`}, ${id}, ${id}, 1, 1, 0, '{}')`;
  await db`insert into pawl.ended_attempt (hold_id, run_id) values (${id}, ${id})`;
  await db`
    insert into pawl.lane_call (hold_id, call_key, run_id, amount, reply_tokens, state)
    values (${id}, ${`${id}/1`}, ${id}, 1, 1, 'settled')`;
  if (endedDaysAgo === undefined) return;
  const ended = daysAgo(endedDaysAgo);
  await db`
    insert into pawl.run_record (run_id, tenant, agent, session, task, offline, outcome, result, cost_micro_usd,
      duration_ms, started_at, ended_at)
    values (${id}, 't', 'a', 's', '""', false, 'answered', '{}', 1, 1, ${ended}, ${ended})`;
}

async function putBatches(db: Database): Promise<void> {
  const batches = [
    ["batch-open", "item-of-open", null],
    ["batch-ended", "item-of-ended", DAY_MS],
    ["batch-lately", "item-of-lately", 59 * DAY_MS],
    ["batch-terminated", "item-of-terminated", null],
  ] as const;
  for (const [batchId, runId, durationMs] of batches) {
    const result = durationMs === null ? null : JSON.stringify({ durationMs });
    await db`
      insert into pawl.batch (batch_id, tenant, digest, items, started_at, result)
      values (${batchId}, 't', 'd', 1, ${daysAgo(60)}, ${result})`;
    await putItem(db, { batchId, digest: "d", runId, stored: 60 });
    await db`insert into pawl.account (key, scope, cap) values (${`batch/${batchId}`}, 'batch', 100)`;
  }
  await putItem(db, { batchId: "batch-never", digest: "d", runId: "stray-old", stored: 40 });
  await putItem(db, { batchId: "batch-soon", digest: "d", runId: "stray-young", stored: 0 });
  await putItem(db, { batchId: "batch-lately", digest: "other", runId: "stray-other", stored: 60 });
}

interface OldItem {
  readonly batchId: string;
  readonly digest: string;
  readonly runId: string;
  readonly stored: number;
}

async function putItem(db: Database, { batchId, digest, runId, stored }: OldItem): Promise<void> {
  await db`
    insert into pawl.batch_item (batch_id, digest, position, run_id, item_id, item, stored_on)
    values (${batchId}, ${digest}, 1, ${runId}, '""', '{}', ${dayAgo(stored)})`;
}

async function putMoney(db: Database): Promise<void> {
  const ends = daysAgo(40);
  await db.script(`
    insert into pawl.account (key, scope, cap, held, feared, period_ends) values
      ('old', 'tenant_day', 1, 0, 0, '${ends}'), ('old-feared', 'tenant_day', 1, 0, 1, '${ends}'),
      ('old-held', 'tenant_day', 1, 1, 0, '${ends}'), ('young', 'tenant_day', 1, 0, 0, '${daysAgo(-1)}'),
      ('session', 'session', 1, 0, 0, null), ('batch/gone', 'batch', 1, 0, 0, null),
      ('batch/gone-feared', 'batch', 1, 0, 1, null)`);
  for (const [n, key] of RAISED.entries()) {
    await db`
      insert into pawl.budget_raise (raise_id, account_key, added, raised_at) values (${String(n)}, ${key}, 1, ${ends})`;
  }
}

const RAISED = [
  `tenant/t/${dayAgo(40)}`,
  `tenant/t/${dayAgo(75).slice(0, 7)}`,
  `global/${dayAgo(40)}`,
  `tenant/t/${dayAgo(0)}`,
  `tenant/t/${dayAgo(0).slice(0, 7)}`,
  `global/${dayAgo(0)}`,
  `session/t/${dayAgo(40)}`,
  `session/t/s`,
];

/** Those that are still good for something. */
export const RAISED_AND_NEEDED: readonly string[] = RAISED.slice(3);

/** One old day with a partition of its own, one without, and today. */
async function putCalls(db: Database): Promise<void> {
  const [old, older] = [dayAgo(40), dayAgo(50)];
  const partition = `call_${old.replaceAll("-", "")}`;
  await db.script(`
    create table pawl.${partition} (like pawl.call including all);
    alter table pawl.call attach partition pawl.${partition} for values from ('${old}') to ('${dayAgo(39)}');`);
  await db`select pawl.make_call_days(1)`;
  const calls = [
    ["old", old, 0],
    ["old-feared", old, 7],
    ["older", older, 0],
    ["older-feared", older, 7],
    ["young", dayAgo(0), 0],
  ] as const;
  for (const [id, day, feared] of calls) {
    await db`
      insert into pawl.call (day, hold_id, run_id, tenant, session, agent, model, lane, attempt, state, amount, spent,
        feared, shares, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
        web_search_requests, resolved_at)
      values (${day}, ${id}, 'r', 't', 's', 'a', 'm', 'live', 1, 'lost', 7, 0, ${feared}, '{}', 0, 0, 0, 0, 0, 0, now())`;
  }
}
