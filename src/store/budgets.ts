// Shared caps as the operator sets them while everything runs: the one home of caps, which the environment of a
// worker only seeds. What is set or raised here is written through to the open accounts while nothing else is
// booked (sql/tables/02-budgets.sql, B1 and B2): it holds from the next call on, whichever worker makes it.

import { budgetKey, type BudgetName, type CapByScope } from "../domain/budget.ts";
import type { AccountLimit } from "../domain/outcome.ts";
import type { Database } from "./database.ts";
import type { Released } from "./ledger.ts";

/** Whose cap is asked about: a budget's one account of this period, or a run. */
export type CapHolder = BudgetName | { readonly scope: "cost"; readonly runId: string };

export interface BudgetState {
  /** Of the account. */
  readonly key: string;
  readonly limit: AccountLimit;
  /** What holds from the next call on; null: counted, never denied. */
  readonly capMicroUsd: number | null;
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  /** What lost attempts may have cost. */
  readonly fearedMicroUsd: number;
  /** The part of the cap that was raised for this period. */
  readonly raisedMicroUsd: number;
  /** The budget that sets the cap; null where the environment does. */
  readonly budget: string | null;
  readonly resetsAt: string | null;
}

export interface BudgetRaise {
  /** The same id raises once. */
  readonly raiseId: string;
  /** Of one account. */
  readonly name: BudgetName;
  readonly addedMicroUsd: number;
}

/** Of all lost attempts in the account of this period, or of one run's. */
export interface BudgetRelease {
  readonly name: BudgetName;
  readonly runId?: string;
  readonly by: string;
  readonly why: string;
}

export interface Budgets {
  /** null: what is spent is counted, and nothing is denied. */
  set(name: BudgetName, capMicroUsd: number | null): Promise<void>;
  /** Back to the next budget that is set, or to the environment's cap. */
  unset(name: BudgetName): Promise<void>;
  /** What a worker's environment says; it never comes before what an operator set. */
  seed(caps: CapByScope): Promise<void>;
  /** False where there is no cap to raise. */
  raise(raise: BudgetRaise): Promise<boolean>;
  /** What was feared is nobody's any more. */
  release(release: BudgetRelease): Promise<Released>;
  /** In their order; null of a run that never asked for money. */
  states(holders: readonly CapHolder[]): Promise<readonly (BudgetState | null)[]>;
  /** Those that an operator set. */
  named(): Promise<readonly BudgetName[]>;
  /** Tenants that used anything this month, or hold it. */
  tenants(): Promise<readonly string[]>;
}

export function createBudgets(db: Database): Budgets {
  return {
    async set(name, capMicroUsd) {
      const row = { ...name, key: budgetKey(name), capMicroUsd };
      await db`select pawl.set_budget(${{ json: row }})`;
    },
    async unset(name) {
      await db`select pawl.unset_budget(${budgetKey(name)})`;
    },
    async seed(caps) {
      await db`select pawl.seed_budgets(${{ json: caps }})`;
    },
    async raise({ name, ...raise }) {
      const rows = await db<{ answer: boolean }>`
        select pawl.raise_budget(${{ json: { ...name, ...raise } }}) as answer`;
      return rows[0]?.answer === true;
    },
    async release({ name, ...release }) {
      const rows = await db<{ answer: Released }>`
        select pawl.release_feared(${{ json: { ...name, ...release } }}) as answer`;
      return rows[0]?.answer ?? { calls: 0, fearedMicroUsd: 0 };
    },
    async states(holders) {
      const rows = await db<{ state: BudgetState | null }>`
        select pawl.budget_state(holder) as state
        from jsonb_array_elements(${{ json: holders }}) with ordinality of_all(holder, position)
        order by position`;
      return rows.map(({ state }) => state);
    },
    async named() {
      const rows = await db<{ name: BudgetName }>`
        select jsonb_strip_nulls(jsonb_build_object(
          'scope', scope, 'tenant', tenant, 'session', session)) as name
        from pawl.budget where is_set order by key`;
      return rows.map(({ name }) => name);
    },
    async tenants() {
      const rows = await db<{ tenant: string }>`
        select tenant from pawl.used_in('tenant_month', null) order by tenant`;
      return rows.map(({ tenant }) => tenant);
    },
  };
}
