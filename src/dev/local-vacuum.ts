// What autovacuum does in a PostgreSQL, for PGlite, which has none: rows that were written again and
// again (accounts, gates) leave dead ones behind, and every look at them takes longer. By PostgreSQL's own
// rule, table by table: the small and busy ones are swept each time, the large ones seldom.

import type { PGlite } from "@electric-sql/pglite";

export interface Vacuum {
  /** Waits for the sweep that is under way. */
  stop(): Promise<void>;
}

const WORN = `
  select format('%I.%I', schemaname, relname) as name
  from pg_stat_user_tables
  where n_dead_tup > 50 + 0.2 * n_live_tup or n_mod_since_analyze > 50 + 0.1 * n_live_tup`;

export function keepVacuumed(db: PGlite, everyMs: number): Vacuum {
  let sweeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // What fails now (a client is in the middle of a transaction) is tried again by the next one.
    sweeping = sweeping.then(() => vacuum(db)).catch(() => undefined);
  }, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await sweeping;
    },
  };
}

async function vacuum(db: PGlite): Promise<void> {
  // Never a prepared statement: the one session is shared with all clients, and so is its unnamed one.
  const [worn] = await db.exec(WORN);
  for (const { name } of worn?.rows ?? []) await db.exec(`vacuum analyze ${String(name)}`);
}
