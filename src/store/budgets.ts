// Shared caps as the operator sets them while everything runs. The ledger looks them up in the very
// transaction that holds (sql/tables/02-budgets.sql, B1 and B2): what is set or raised here holds from
// the next call on, whichever worker makes it.

import {
  accountKeyOf,
  budgetKey,
  budgetKeysOf,
  decoded,
  resetOf,
  type BudgetName,
  type BudgetScope,
  type CapByScope,
  type AccountHolder,
} from "../domain/budget.ts";
import type { AccountLimit } from "../domain/outcome.ts";
import type { Database } from "./database.ts";
import type { Account } from "./ledger.ts";

export interface BudgetState {
  /** Of the account. */
  readonly key: string;
  readonly limit: AccountLimit;
  /** What holds from the next call on; null: counted, never denied. */
  readonly capMicroUsd: number | null;
  readonly spentMicroUsd: number;
  readonly heldMicroUsd: number;
  /** The part of the cap that was raised for this period. */
  readonly raisedMicroUsd: number;
  /** The budget that sets the cap; null where the environment does. */
  readonly budget: string | null;
  readonly resetsAt: string | null;
}

export interface BudgetRaise {
  /** The same id raises once. */
  readonly raiseId: string;
  readonly account: Account;
  readonly addedMicroUsd: number;
}

export interface Budgets {
  /** null: what is spent is counted, and nothing is denied. */
  set(name: BudgetName, capMicroUsd: number | null): Promise<void>;
  /** Back to the next budget that is set, or to the environment's cap. */
  unset(name: BudgetName): Promise<void>;
  /** False where there is no cap to raise. */
  raise(raise: BudgetRaise): Promise<boolean>;
  states(accounts: readonly Account[]): Promise<readonly BudgetState[]>;
  named(): Promise<readonly BudgetName[]>;
  /** Tenants that were charged on the day or in the month, `YYYY-MM-DD` and `YYYY-MM`. */
  tenantsOf(periods: readonly string[]): Promise<readonly string[]>;
}

/** The account that a payer is charged in at a moment; `given` is what the environment says of caps. */
export function sharedAccount(
  scope: BudgetScope,
  { payer, now, given }: { payer: AccountHolder; now: Date; given: CapByScope },
): Account {
  return {
    key: accountKeyOf(scope, payer, now),
    limit: scope,
    capMicroUsd: given[scope],
    resetsAt: resetOf(scope, now),
    budgets: budgetKeysOf(scope, payer),
  };
}

export function createBudgets(db: Database): Budgets {
  return {
    async set(name, capMicroUsd) {
      const row = { ...name, key: budgetKey(name), capMicroUsd };
      await db`select pawl.set_budget(${{ json: row }})`;
    },
    async unset(name) {
      await db`delete from pawl.budget where key = ${budgetKey(name)}`;
    },
    async raise(raise) {
      const rows = await db<{ answer: boolean }>`
        select pawl.raise_budget(${{ json: raise }}) as answer`;
      return rows[0]?.answer === true;
    },
    async states(accounts) {
      const rows = await db<{ state: BudgetState }>`
        select pawl.budget_state(given) as state
        from jsonb_array_elements(${{ json: accounts }}) with ordinality of_all(given, position)
        order by position`;
      return rows.map(({ state }) => state);
    },
    async named() {
      const rows = await db<{ name: BudgetName }>`
        select jsonb_strip_nulls(jsonb_build_object(
          'scope', scope, 'tenant', tenant, 'session', session)) as name
        from pawl.budget order by key`;
      return rows.map(({ name }) => name);
    },
    async tenantsOf(periods) {
      const rows = await db<{ tenant: string }>`
        select distinct split_part(key, '/', 2) as tenant from pawl.account
        where key like 'tenant/%' and split_part(key, '/', 3) = any (${periods}) order by tenant`;
      return rows.map(({ tenant }) => decoded(tenant));
    },
  };
}
