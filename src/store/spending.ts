// What a tenant has spent in this day and month (UTC), and what it may: read for people; nothing is decided
// by it.

import { createBudgets, type BudgetState } from "./budgets.ts";
import type { Database } from "./database.ts";

export interface Spent {
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  /** What lost attempts may have cost; it counts against the cap. */
  readonly fearedMicroUsd: number;
  /** As it holds for the next call; null where nothing is denied. */
  readonly capMicroUsd: number | null;
  /** Runs that made a call in that time. */
  readonly runs: number;
  /** When the next one begins. */
  readonly resetsAt: string;
}

export interface Spending {
  readonly today: Spent;
  readonly month: Spent;
}

export async function spentOf(db: Database, tenant: string): Promise<Spending> {
  const [[day, month], runs] = await Promise.all([
    createBudgets(db).states([
      { scope: "tenant_day", tenant },
      { scope: "tenant_month", tenant },
    ]),
    runsOf(db, tenant),
  ]);
  return { today: spent(day, runs.today), month: spent(month, runs.month) };
}

function spent(state: BudgetState | null | undefined, runs: number): Spent {
  if (state === null || state === undefined) throw new Error("an account has no state");
  return { ...state, runs, resetsAt: state.resetsAt ?? "" };
}

interface Runs {
  readonly today: number;
  readonly month: number;
}

async function runsOf(db: Database, tenant: string): Promise<Runs> {
  const rows = await db<Runs>`
    with called as (
      select run_id, day from pawl.call
      where tenant = ${tenant} and day >= date_trunc('month', pawl.today()::timestamp)::date
      union all
      select run_id, day from pawl.hold
      where tenant = ${tenant} and day >= date_trunc('month', pawl.today()::timestamp)::date
    )
    select count(distinct run_id) as month,
      count(distinct run_id) filter (where day = pawl.today()) as today from called`;
  return rows[0] ?? { today: 0, month: 0 };
}
