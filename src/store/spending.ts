// What a tenant has spent in the day and the month of a moment (UTC): read from the ledger's accounts
// for people; nothing is decided by it.

import type { Database } from "./database.ts";

export interface Spent {
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  /** Runs that made a call in that time. */
  readonly runs: number;
  /** When the next one begins. */
  readonly resetsAt: string;
}

export interface Spending {
  readonly today: Spent;
  readonly month: Spent;
}

export async function spentOf(db: Database, tenant: string, at: Date): Promise<Spending> {
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  const date = at.toISOString().slice(0, 10);
  const [today, thisMonth] = await Promise.all([
    since(db, tenant, {
      name: date,
      from: Date.UTC(year, month, day),
      to: Date.UTC(year, month, day + 1),
    }),
    since(db, tenant, {
      name: date.slice(0, 7),
      from: Date.UTC(year, month, 1),
      to: Date.UTC(year, month + 1, 1),
    }),
  ]);
  return { today, month: thisMonth };
}

interface Period {
  /** As in the key of the account. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

interface Row {
  readonly spent: number;
  readonly held: number;
  readonly runs: number;
}

async function since(db: Database, tenant: string, { name, from, to }: Period): Promise<Spent> {
  const rows = await db<Row>`
    select coalesce(sum(a.spent_micro_usd), 0)::bigint as spent,
      coalesce(sum(a.held_micro_usd), 0)::bigint as held,
      (select count(distinct h.run_id) from pawl.hold h
        where h.tenant = ${tenant} and h.held_at >= ${new Date(from).toISOString()}::timestamptz) as runs
    from pawl.account a where a.key = ${`tenant/${tenant}/${name}`}`;
  const row = rows[0] ?? { spent: 0, held: 0, runs: 0 };
  return {
    spentMicroUsd: row.spent,
    heldMicroUsd: row.held,
    runs: row.runs,
    resetsAt: new Date(to).toISOString(),
  };
}
