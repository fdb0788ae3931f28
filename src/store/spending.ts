// What a tenant has spent in this day and month (UTC), and what it may: read for people, every few seconds, by
// primary keys alone (sql/functions/spending.sql); nothing is decided by it.

import type { CapHolder } from "./budgets.ts";
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
  const [row] = await db<{
    spending: { readonly tenant_day: Spent; readonly tenant_month: Spent };
  }>`
    select pawl.spending_of(${tenant}) as spending`;
  if (row === undefined) throw new Error("a tenant's spending is one row");
  return { today: row.spending.tenant_day, month: row.spending.tenant_month };
}

export interface BudgetLeft {
  readonly capMicroUsd: number;
  readonly leftMicroUsd: number;
  /** Null where it never starts anew. */
  readonly resetsAt: string | null;
}

/** In their order; null where nothing caps them. */
export async function budgetsLeft(
  db: Database,
  holders: readonly CapHolder[],
): Promise<readonly (BudgetLeft | null)[]> {
  if (holders.length === 0) return [];
  const rows = await db<{ budget: BudgetLeft | null }>`
    select pawl.budget_left(holder) as budget
    from jsonb_array_elements(${{ json: holders }}) with ordinality of_all(holder, position)
    order by position`;
  return rows.map(({ budget }) => budget);
}
