// What a tenant has spent in the day and the month of a moment (UTC), and what it may: read from the
// ledger's accounts and budgets for people; nothing is decided by it.

import type { CapByScope } from "../domain/budget.ts";
import { createBudgets, sharedAccount } from "./budgets.ts";
import type { Database } from "./database.ts";

export interface Spent {
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
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

interface Moment {
  readonly at: Date;
  /** What the environment says of caps; budgets that are set come before it. */
  readonly given: CapByScope;
}

export async function spentOf(
  db: Database,
  tenant: string,
  { at, given }: Moment,
): Promise<Spending> {
  const where = { payer: { tenant, session: "" }, now: at, given };
  const accounts = (["tenant_day", "tenant_month"] as const).map((s) => sharedAccount(s, where));
  const [[day, month], runs] = await Promise.all([
    createBudgets(db).states(accounts),
    runsSince(db, tenant, at.toISOString().slice(0, 10)),
  ]);
  if (day === undefined || month === undefined) throw new Error("an account has no state");
  return {
    today: { ...day, runs: runs.today, resetsAt: day.resetsAt ?? "" },
    month: { ...month, runs: runs.month, resetsAt: month.resetsAt ?? "" },
  };
}

interface Runs {
  readonly today: number;
  readonly month: number;
}

/** By the days that the calls count for. */
async function runsSince(db: Database, tenant: string, day: string): Promise<Runs> {
  const rows = await db<Runs>`
    select count(distinct run_id) as month,
      count(distinct run_id) filter (where coalesce(on_day, (held_at at time zone 'UTC')::date) = ${day}::date) as today
    from pawl.hold where tenant = ${tenant}
      and held_at >= (${`${day.slice(0, 7)}-01`}::timestamp at time zone 'UTC')`;
  return rows[0] ?? { today: 0, month: 0 };
}
