// Shared caps by name. Which accounts a payer is charged to, and which budget caps each, is the ledger's to
// know (src/store/sql/functions/accounts.sql).

import type { AccountLimit } from "./outcome.ts";

export const BUDGET_SCOPES = ["session", "tenant_day", "tenant_month", "global_day"] as const;

/** What a cap is shared by. */
export type BudgetScope = (typeof BUDGET_SCOPES)[number] & AccountLimit;

/** In micro-USD; null: counted, never denied. */
export type CapByScope = Readonly<Record<BudgetScope, number | null>>;

/** Whose cap it is; without a name, of all in the scope that have none of their own. */
export interface BudgetName {
  readonly scope: BudgetScope;
  readonly tenant?: string;
  /** Sessions belong to a tenant. */
  readonly session?: string;
}

/** `tenant_day/acme`; `tenant_day` alone is the default for every tenant. */
export function budgetKey({ scope, tenant, session }: BudgetName): string {
  const names = [tenant, session].filter((name) => name !== undefined);
  return [scope, ...names.map(encoded)].join("/");
}

/** `YYYY-MM-DD` in UTC. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** Names may hold anything, and no two payers may share a key. */
function encoded(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("/", "%2F");
}

/** Of a batch, beside the accounts of its runs, their sessions and their tenant. */
export function batchAccountKey(batchId: string): string {
  return `batch/${batchId}`;
}
