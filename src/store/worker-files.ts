// Which folder each worker keeps the files of runs in, told by the workers when they start.

import type { Database } from "./database.ts";

export interface WorkerFiles {
  readonly leaseId: string;
  /** The mark in the folder; null where it can't be used. */
  readonly folderId: string | null;
  /** Host and path, for people. */
  readonly place: string;
  /** Why the folder can't be used. */
  readonly trouble: string | null;
}

export interface SeenFiles extends WorkerFiles {
  /** True while the lease of its worker lasts. */
  readonly isAlive: boolean;
}

export async function noteWorkerFiles(db: Database, files: WorkerFiles): Promise<void> {
  const { leaseId, folderId, place, trouble } = files;
  await db`
    insert into pawl.worker_files as f (lease_id, folder_id, place, trouble)
    values (${leaseId}, ${folderId}, ${place}, ${trouble})
    on conflict (lease_id) do update
    set folder_id = excluded.folder_id, place = excluded.place, trouble = excluded.trouble,
      noted_at = excluded.noted_at`;
}

/** Newest first. */
export async function filesOfWorkers(db: Database): Promise<readonly SeenFiles[]> {
  return await db<SeenFiles>`
    select f.lease_id as "leaseId", f.folder_id as "folderId", f.place, f.trouble,
      exists (
        select from pawl.lease l where l.lease_id = f.lease_id and l.expires_at > clock_timestamp()
      ) as "isAlive"
    from pawl.worker_files f order by f.noted_at desc`;
}

/** Takes out the workers that have gone; one whose lease has only run out may live again. */
export async function forgetGoneWorkers(db: Database): Promise<void> {
  await db`
    delete from pawl.worker_files f
    where not exists (select from pawl.lease l where l.lease_id = f.lease_id)`;
}
