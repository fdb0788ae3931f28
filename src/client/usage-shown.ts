// Usage with the budget beside it, for whoever asks: the CLI, the gateway, programs of yours.

import type { CapHolder } from "../store/budgets.ts";
import type { Database } from "../store/database.ts";
import { budgetsLeft, type BudgetLeft } from "../store/spending.ts";
import {
  readUsage,
  type UsageFigures,
  type UsageQuery,
  type UsageRow,
} from "../store/usage-report.ts";

export interface UsageShown extends UsageRow {
  /** Of the run, the session, or the tenant's day as it stands now; null where nothing caps it. */
  readonly budget: BudgetLeft | null;
}

export interface UsageWithBudgets {
  readonly rows: readonly UsageShown[];
  /** Rows that the limit left out. */
  readonly more: number;
  readonly total: UsageFigures;
}

export async function usageOf(
  { db }: { readonly db: Database },
  query: UsageQuery,
): Promise<UsageWithBudgets> {
  const { rows, more, total } = await readUsage(db, query);
  const holders = rows.flatMap((row) => holderOf(row, query) ?? []);
  const budgets = await budgetsLeft(db, holders);
  return {
    rows: rows.map((row, index) => ({ ...row, budget: budgets[index] ?? null })),
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
