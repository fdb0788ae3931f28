// Shared caps by name: which account of the ledger a run is charged to in each scope, and which
// budgets can set the cap of that account, the nearest first.

import type { Payer } from "./call.ts";
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

/** Of a payer, what the shared caps go by. */
export type AccountHolder = Pick<Payer, "tenant" | "session">;

/** `tenant_day/acme`; `tenant_day` alone is the default for every tenant. */
export function budgetKey({ scope, tenant, session }: BudgetName): string {
  const names = [tenant, session].filter((name) => name !== undefined);
  return [scope, ...names.map(encoded)].join("/");
}

/** The first of these that is set decides; where none is, the worker's environment does. */
export function budgetKeysOf(
  scope: BudgetScope,
  { tenant, session }: AccountHolder,
): readonly string[] {
  switch (scope) {
    case "session":
      return [{ scope, tenant, session }, { scope, tenant }, { scope }].map(budgetKey);
    case "tenant_day":
    case "tenant_month":
      return [{ scope, tenant }, { scope }].map(budgetKey);
    case "global_day":
      return [budgetKey({ scope })];
  }
}

/** The account of this moment's period. */
export function accountKeyOf(
  scope: BudgetScope,
  { tenant, session }: AccountHolder,
  now: Date,
): string {
  const day = dayOf(now);
  switch (scope) {
    case "session":
      return `session/${encoded(tenant)}/${encoded(session)}`;
    case "tenant_day":
      return `tenant/${encoded(tenant)}/${day}`;
    case "tenant_month":
      return `tenant/${encoded(tenant)}/${day.slice(0, 7)}`;
    case "global_day":
      return `global/${day}`;
  }
}

/** ISO 8601; null where the cap never starts anew. */
export function resetOf(scope: BudgetScope, now: Date): string | null {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  switch (scope) {
    case "session":
      return null;
    case "tenant_day":
    case "global_day":
      return new Date(Date.UTC(year, month, day + 1)).toISOString();
    case "tenant_month":
      return new Date(Date.UTC(year, month + 1, 1)).toISOString();
  }
}

/** `YYYY-MM-DD` in UTC: the day that a call counts for. */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** Names may hold anything, and no two payers may share a key. */
function encoded(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("/", "%2F");
}

export function decoded(name: string): string {
  return name.replaceAll("%2F", "/").replaceAll("%25", "%");
}

/** Of a batch, beside the accounts of its runs, their sessions and their tenant. */
export function batchAccountKey(batchId: string): string {
  return `batch/${batchId}`;
}
