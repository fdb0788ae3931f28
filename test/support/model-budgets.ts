// What a cap comes to, as plainly as it can be said: the first budget that is set, else the worker's cap,
// and what was raised on top. The real lookup is checked against it.

import { budgetKey } from "../../src/domain/budget.ts";
import type { Budgets, BudgetRaise } from "../../src/store/budgets.ts";
import type { Account } from "../../src/store/ledger.ts";

export interface ModelBudgets extends Pick<Budgets, "set" | "unset" | "raise"> {
  capOf(account: Account): number | null;
  /** A worker named its cap at a call: that is what a raise goes by, not who raises. */
  heard(account: Account): void;
}

export function createModelBudgets(): ModelBudgets {
  const caps = new Map<string, number | null>();
  const raises = new Map<string, BudgetRaise>();
  const given = new Map<string, Account>();

  function capOf({ key, capMicroUsd, budgets = [] }: Account): number | null {
    const nearest = budgets.find((name) => caps.has(name));
    const base = nearest === undefined ? capMicroUsd : (caps.get(nearest) ?? null);
    if (base === null) return null;
    const own = [...raises.values()].filter(({ account }) => account.key === key);
    return own.reduce((cap, { addedMicroUsd }) => cap + addedMicroUsd, base);
  }

  return {
    capOf,
    heard: (account) => void given.set(account.key, account),
    set: async (name, capMicroUsd) => void caps.set(budgetKey(name), capMicroUsd),
    unset: async (name) => void caps.delete(budgetKey(name)),
    async raise(raise) {
      const { account } = raise;
      if (capOf(given.get(account.key) ?? account) === null) return false;
      if (!raises.has(raise.raiseId)) raises.set(raise.raiseId, raise);
      return true;
    },
  };
}
