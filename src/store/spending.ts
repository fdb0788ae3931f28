// What a tenant has spent in this day and month (UTC), and what it may: read for people; nothing is decided
// by it.

import type { Database } from "./database.ts";

export interface Spent {
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  /** What lost attempts may have cost; it counts against the cap. */
  readonly fearedMicroUsd: number;
  /** As it holds for the next call; null where nothing is denied. */
  readonly capMicroUsd: number | null;
  /** Runs that made their first call in that time. */
  readonly runs: number;
  /** ISO 8601. */
  readonly resetsAt: string;
}

export interface Spending {
  readonly today: Spent;
  readonly month: Spent;
}

export async function spentOf(db: Database, tenant: string): Promise<Spending> {
  const [row] = await db<{ spending: { readonly tenant_day: Spent; readonly tenant_month: Spent } }>`
    select pawl.spending_of(${tenant}) as spending`;
  if (row === undefined) throw new Error("a tenant's spending is one row");
  return { today: row.spending.tenant_day, month: row.spending.tenant_month };
}
