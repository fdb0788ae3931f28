// Behind which lock each worker runs code, told by the workers when they start.

import type { Database } from "./database.ts";

export interface WorkerSandbox {
  readonly leaseId: string;
  /** Null where none holds, and no code is run. */
  readonly tier: string | null;
  /** For people. */
  readonly place: string;
  readonly detail: string;
}

export async function noteWorkerSandbox(db: Database, sandbox: WorkerSandbox): Promise<void> {
  const { leaseId, tier, place, detail } = sandbox;
  await db`
    with gone as (
      delete from pawl.worker_sandboxes s
      where not exists (select from pawl.lease l where l.lease_id = s.lease_id)
    )
    insert into pawl.worker_sandboxes as s (lease_id, tier, place, detail)
    values (${leaseId}, ${tier}, ${place}, ${detail})
    on conflict (lease_id) do update
    set tier = excluded.tier, place = excluded.place, detail = excluded.detail,
      noted_at = excluded.noted_at`;
}

/** Of workers that live. */
export async function sandboxesOfWorkers(db: Database): Promise<readonly WorkerSandbox[]> {
  return await db<WorkerSandbox>`
    select s.lease_id as "leaseId", s.tier, s.place, s.detail
    from pawl.worker_sandboxes s
    join pawl.lease l on l.lease_id = s.lease_id and l.expires_at > clock_timestamp()
    order by s.place, s.lease_id`;
}
