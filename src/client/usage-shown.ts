// Usage with the budget beside it, for whoever asks: the CLI, the gateway, programs of yours.

import type { CapByScope, AccountHolder } from "../domain/budget.ts";
import { createBudgets, sharedAccount, type BudgetState } from "../store/budgets.ts";
import type { Database } from "../store/database.ts";
import type { Account } from "../store/ledger.ts";
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
  { db, caps }: { readonly db: Database; readonly caps: CapByScope },
  query: UsageQuery,
): Promise<UsageWithBudgets> {
  const { rows, more, total } = await readUsage(db, query);
  const accounts = rows.flatMap((row) => accountOf(row, query, caps) ?? []);
  const states = await createBudgets(db).states(accounts);
  return {
    rows: rows.map((row, index) => ({ ...row, budget: budgetIn(states[index]) })),
    more,
    total,
  };
}

/** Null of what has no account of its own: an agent, a model, a day of all tenants. */
function accountOf(
  { name, tenant }: UsageRow,
  { by }: UsageQuery,
  given: CapByScope,
): Account | null {
  const at = (payer: AccountHolder) => ({ payer, now: new Date(), given });
  switch (by) {
    case "run":
      return { key: `run/${name}`, limit: "cost", capMicroUsd: null, resetsAt: null };
    case "session":
      return sharedAccount("session", at({ tenant: tenant ?? "", session: name }));
    case "tenant":
      return sharedAccount("tenant_day", at({ tenant: name, session: "" }));
    case "agent":
    case "model":
    case "lane":
    case "day":
      return null;
  }
}

function budgetIn(state: BudgetState | undefined): UsageBudget | null {
  if (state === undefined || state.capMicroUsd === null) return null;
  const { capMicroUsd, spentMicroUsd, heldMicroUsd, resetsAt } = state;
  return { capMicroUsd, leftMicroUsd: capMicroUsd - spentMicroUsd - heldMicroUsd, resetsAt };
}
