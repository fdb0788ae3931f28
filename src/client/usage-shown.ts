// Usage with the budget beside it, for whoever asks: the CLI, the gateway, programs of yours.

import { createBudgets, type BudgetState, type CapHolder } from "../store/budgets.ts";
import type { Database } from "../store/database.ts";
import {
  readUsage,
  type UsageFigures,
  type UsageQuery,
  type UsageRow,
} from "../store/usage-report.ts";

export interface UsageShown extends UsageRow {
  /** Of the run, the session, or the tenant's day as it stands now; null where nothing caps it. */
  readonly budget: UsageBudget | null;
}

export interface UsageBudget {
  readonly capMicroUsd: number;
  readonly leftMicroUsd: number;
  /** Null where it never starts anew. */
  readonly resetsAt: string | null;
}

export interface UsageWithBudgets {
  readonly rows: readonly UsageShown[];
  /** Rows that the limit left out; `total` counts them too. */
  readonly more: number;
  readonly total: UsageFigures;
}

export async function usageOf(
  { db }: { readonly db: Database },
  query: UsageQuery,
): Promise<UsageWithBudgets> {
  const { rows, more, total } = await readUsage(db, query);
  const holders = rows.flatMap((row) => holderOf(row, query) ?? []);
  const states = await createBudgets(db).states(holders);
  return {
    rows: rows.map((row, index) => ({ ...row, budget: budgetIn(states[index]) })),
    more,
    total,
  };
}

/** Null of what has no account of its own: an agent, a model, a day of all tenants. */
function holderOf({ name, tenant }: UsageRow, { by }: UsageQuery): CapHolder | null {
  switch (by) {
    case "run":
      return { scope: "cost", runId: name };
    case "session":
      return { scope: "session", tenant: tenant ?? "", session: name };
    case "tenant":
      return { scope: "tenant_day", tenant: name };
    case "agent":
    case "model":
    case "lane":
    case "day":
      return null;
  }
}

function budgetIn(state: BudgetState | null | undefined): UsageBudget | null {
  if (state === null || state === undefined || state.capMicroUsd === null) return null;
  const { capMicroUsd, spentMicroUsd, heldMicroUsd, fearedMicroUsd, resetsAt } = state;
  const leftMicroUsd = capMicroUsd - spentMicroUsd - heldMicroUsd - fearedMicroUsd;
  return { capMicroUsd, leftMicroUsd, resetsAt };
}
