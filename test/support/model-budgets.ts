// What a cap comes to, as plainly as it can be said: the first budget that is set and what was raised on top. The
// real lookup is checked against it.

import { budgetKey, type BudgetName, type BudgetScope } from "../../src/domain/budget.ts";
import type { Payer } from "../../src/domain/call.ts";
import type { Budgets, BudgetRaise } from "../../src/store/budgets.ts";

/** An account of a payer that a budget can cap. */
export interface Scope {
  readonly scope: BudgetScope;
  readonly key: string;
  /** Nearest first. */
  readonly budgets: readonly string[];
}

export interface ModelBudgets extends Pick<Budgets, "set" | "unset" | "raise"> {
  capOf(account: Scope): number | null;
  /** After each change of a budget. */
  onChange(told: (name: BudgetName) => void): void;
}

export function scopesOf(payer: Pick<Payer, "tenant" | "session">): readonly Scope[] {
  const { tenant, session } = payer;
  const day = new Date().toISOString().slice(0, 10);
  const [t, s] = [tenant, session].map((n) => n.replaceAll("%", "%25").replaceAll("/", "%2F"));
  const own = (scope: BudgetScope, ...names: readonly BudgetName[]) =>
    [...names, { scope }].map(budgetKey);
  return [
    {
      scope: "session",
      key: `session/${t}/${s}`,
      budgets: own("session", { scope: "session", tenant, session }, { scope: "session", tenant }),
    },
    {
      scope: "tenant_day",
      key: `tenant/${t}/${day}`,
      budgets: own("tenant_day", { scope: "tenant_day", tenant }),
    },
    {
      scope: "tenant_month",
      key: `tenant/${t}/${day.slice(0, 7)}`,
      budgets: own("tenant_month", { scope: "tenant_month", tenant }),
    },
    { scope: "global_day", key: `global/${day}`, budgets: own("global_day") },
  ];
}

export function createModelBudgets(): ModelBudgets {
  const caps = new Map<string, number | null>();
  const raises = new Map<string, BudgetRaise & { readonly key: string }>();
  const listeners: ((name: BudgetName) => void)[] = [];
  const tell = (name: BudgetName): void => listeners.forEach((told) => told(name));

  function capOf({ key, budgets }: Scope): number | null {
    const nearest = budgets.find((name) => caps.has(name));
    const base = nearest === undefined ? null : (caps.get(nearest) ?? null);
    if (base === null) return null;
    const own = [...raises.values()].filter((raise) => raise.key === key);
    return own.reduce((cap, { addedMicroUsd }) => cap + addedMicroUsd, base);
  }

  return {
    capOf,
    onChange: (told) => void listeners.push(told),
    set: async (name, capMicroUsd) => {
      caps.set(budgetKey(name), capMicroUsd);
      tell(name);
    },
    unset: async (name) => {
      caps.delete(budgetKey(name));
      tell(name);
    },
    async raise(raise) {
      const { tenant = "", session = "", scope } = raise.name;
      const account = scopesOf({ tenant, session }).find((one) => one.scope === scope);
      if (account === undefined || capOf(account) === null) return false;
      if (!raises.has(raise.raiseId)) raises.set(raise.raiseId, { ...raise, key: account.key });
      return true;
    },
  };
}
