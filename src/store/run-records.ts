// Runs that have ended, one row each: what is left of a run when Temporal has forgotten its history,
// and the figures over many of them. Written once the books of a run are closed, and not before.

import type { RunResult } from "../domain/outcome.ts";
import type { Database } from "./database.ts";

export interface RunRecord {
  readonly runId: string;
  readonly tenant: string;
  readonly agent: string;
  readonly session: string;
  readonly task: string;
  /** Of the whole order: the same key with another order is refused. Null where it is not known. */
  readonly taskDigest: string | null;
  /** Null where the run failed before it had an agent. */
  readonly model: string | null;
  readonly offline: boolean;
  readonly capMicroUsd: number | null;
  readonly result: RunResult;
  readonly costMicroUsd: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export interface EndedQuery {
  /** All tenants where none is named. */
  readonly tenant?: string;
  /** Runs that ended since then. */
  readonly sinceMs: number;
}

export interface EndedStats {
  readonly ended: number;
  readonly byOutcome: Readonly<Record<string, number>>;
  /** Of the runs that ended, those that failed: 0 to 1. Null where none has ended. */
  readonly errorRate: number | null;
  /** Null where none has ended. */
  readonly durationMsAvg: number | null;
  readonly spentMicroUsd: number;
}

export interface RunRecords {
  /** Repeatable: the last word counts. */
  put(record: RunRecord): Promise<void>;
  get(runId: string): Promise<RunRecord | null>;
  stats(query: EndedQuery): Promise<EndedStats>;
}

export function createRunRecords(db: Database): RunRecords {
  return {
    async put(record) {
      const { runId, tenant, agent, session, taskDigest, model, offline, capMicroUsd } = record;
      const { result, costMicroUsd, startedAtMs, endedAtMs } = record;
      const json = { task: JSON.stringify(record.task), result: JSON.stringify(result) };
      await db`
        insert into pawl.run_record (run_id, tenant, agent, session, task, task_digest, model, offline,
          cap_micro_usd, outcome, result, cost_micro_usd, duration_ms, started_at, ended_at)
        values (${runId}, ${tenant}, ${agent}, ${session}, ${json.task}, ${taskDigest}, ${model},
          ${offline}, ${capMicroUsd}, ${result.outcome.kind}, ${json.result}, ${costMicroUsd},
          ${endedAtMs - startedAtMs}, to_timestamp(${startedAtMs} / 1000.0), to_timestamp(${endedAtMs} / 1000.0))
        on conflict (run_id) do update set model = excluded.model, cap_micro_usd = excluded.cap_micro_usd,
          outcome = excluded.outcome, result = excluded.result, cost_micro_usd = excluded.cost_micro_usd,
          duration_ms = excluded.duration_ms, ended_at = excluded.ended_at`;
    },
    async get(runId) {
      const rows = await unlessAbsent(
        () => db<StoredRecord>`
          select run_id as "runId", tenant, agent, session, task, task_digest as "taskDigest", model,
            offline, cap_micro_usd as "capMicroUsd", result, cost_micro_usd as "costMicroUsd",
            (extract(epoch from started_at) * 1000)::bigint as "startedAtMs",
            (extract(epoch from ended_at) * 1000)::bigint as "endedAtMs"
          from pawl.run_record where run_id = ${runId}`,
      );
      const [row] = rows;
      if (row === undefined) return null;
      return { ...row, task: JSON.parse(row.task), result: JSON.parse(row.result) };
    },
    async stats({ tenant = null, sinceMs }) {
      const rows = await unlessAbsent(
        () => db<OutcomeRow>`
          select outcome, count(*) as runs, sum(duration_ms)::bigint as "durationMs",
            sum(cost_micro_usd)::bigint as "spentMicroUsd"
          from pawl.run_record
          where ended_at >= to_timestamp(${sinceMs} / 1000.0) and (${tenant} is null or tenant = ${tenant})
          group by outcome`,
      );
      return statsOf(rows);
    },
  };
}

interface StoredRecord extends Omit<RunRecord, "result"> {
  readonly result: string;
}

interface OutcomeRow {
  readonly outcome: string;
  readonly runs: number;
  readonly durationMs: number;
  readonly spentMicroUsd: number;
}

function statsOf(rows: readonly OutcomeRow[]): EndedStats {
  const total = (pick: (row: OutcomeRow) => number): number =>
    rows.reduce((sum, row) => sum + pick(row), 0);
  const ended = total(({ runs }) => runs);
  const failed = rows.find(({ outcome }) => outcome === "failed")?.runs ?? 0;
  return {
    ended,
    byOutcome: Object.fromEntries(rows.map(({ outcome, runs }) => [outcome, runs])),
    errorRate: ended === 0 ? null : failed / ended,
    durationMsAvg: ended === 0 ? null : total(({ durationMs }) => durationMs) / ended,
    spentMicroUsd: total(({ spentMicroUsd }) => spentMicroUsd),
  };
}

const NO_TABLE: readonly unknown[] = ["42P01", "3F000"];

/** A client may come before the first worker, which makes the tables: then no run has ended. */
async function unlessAbsent<Row>(query: () => Promise<readonly Row[]>): Promise<readonly Row[]> {
  try {
    return await query();
  } catch (error) {
    if (error instanceof Error && "code" in error && NO_TABLE.includes(error.code)) return [];
    throw error;
  }
}
