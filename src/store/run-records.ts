// Results of ended runs, for as long as people ask for them: Temporal forgets a run after its retention.

import type { Database } from "./database.ts";

export interface RunRecord {
  readonly runId: string;
  readonly tenant: string;
  readonly session: string;
  /** The result line as JSON text. */
  readonly result: string;
  /** ISO 8601, UTC. */
  readonly endedAt: string;
}

export interface RunRecords {
  /** A later record of the same run replaces the earlier one. */
  put(record: RunRecord): Promise<void>;
  get(runId: string): Promise<RunRecord | null>;
}

export function createRunRecords(db: Database): RunRecords {
  return {
    put: async ({ runId, tenant, session, result, endedAt }) => {
      await db`
        insert into pawl.run_record (run_id, tenant, session, result, ended_at)
        values (${runId}, ${tenant}, ${session}, ${result}, ${endedAt})
        on conflict (run_id) do update set tenant = excluded.tenant, session = excluded.session,
          result = excluded.result, ended_at = excluded.ended_at`;
    },
    get: async (runId) => {
      const rows = await db<StoredRecord>`select * from pawl.run_record where run_id = ${runId}`;
      const [row] = rows;
      if (row === undefined) return null;
      const { tenant, session, result } = row;
      return { runId, tenant, session, result, endedAt: row.ended_at.toISOString() };
    },
  };
}

interface StoredRecord {
  readonly tenant: string;
  readonly session: string;
  readonly result: string;
  readonly ended_at: Date;
}
