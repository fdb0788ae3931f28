// One lease a worker process, for all its open calls: while it lasts, no attempt of this worker is taken for
// dead. It is renewed far more often than it would run out (src/worker/keep-lease.ts); one that has run out
// lives again with the next renewal, and whoever acted on its end meanwhile was right to.

import type { Database } from "./database.ts";

export interface Leases {
  /** Lasts so long from now on, by the clock of the database. */
  renew(leaseId: string, lastsMs: number): Promise<void>;
  end(leaseId: string): Promise<void>;
}

/** The lease of this worker, as its attempts have it. */
export interface OwnLease {
  readonly leaseId: string;
  /** Resolves at once where it is known to last, and else when it has been renewed. */
  sure(): Promise<string>;
}

export function createLeases(db: Database): Leases {
  return {
    async renew(leaseId, lastsMs) {
      await db`select pawl.renew_lease(${leaseId}, ${lastsMs})`;
    },
    async end(leaseId) {
      await db`select pawl.end_lease(${leaseId})`;
    },
  };
}
