// The part of a RunClient that is about money. It needs the ledger's database, which a client of
// runs alone does not.

import type { BudgetName } from "../domain/budget.ts";
import type { Released } from "../store/ledger.ts";
import { readCalls, type RecordedCalls, type UsageQuery } from "../store/usage-report.ts";
import {
  checkedName,
  listBudgets,
  ownNames,
  raiseBudget,
  releaseFeared,
  setBudget,
  type BudgetChanged,
  type BudgetRaised,
  type BudgetShown,
  type BudgetsQuery,
  type FearedReleased,
  type NewCap,
  type Treasury,
} from "./budgets.ts";
import type { Backend } from "./connect.ts";
import { tablesIn } from "./own-tables.ts";
import { asked } from "./steer.ts";
import { usageOf, type UsageWithBudgets } from "./usage-shown.ts";

export interface MoneyClient {
  /** Today's caps of the tenants that were charged this month, or of one, with what is left of them. */
  budgets(query?: BudgetsQuery): Promise<readonly BudgetShown[]>;
  /** Holds from the next call on; runs that wait at this cap look again at once. */
  setBudget(name: BudgetName, cap: NewCap): Promise<BudgetChanged>;
  /** Adds to the cap of the current period alone; the same `raiseId` raises once. */
  raiseBudget(raise: BudgetRaised): Promise<BudgetChanged>;
  /** Lost attempts are taken for free: of one account of this period, or what one run has in it. */
  releaseFeared(release: FearedReleased): Promise<BudgetChanged & Released>;
  usage(query: UsageQuery): Promise<UsageWithBudgets>;
  /** Replies that were paid for, to be repriced. */
  recordedCalls(query: Pick<UsageQuery, "tenant" | "since">): Promise<readonly RecordedCalls[]>;
}

export function moneyOf({ client, db }: Backend): MoneyClient {
  const tables = tablesIn(db, "the ledger is there");
  const treasury = async (): Promise<Treasury> => ({ client, db: await tables() });
  return {
    budgets: async (query = {}) => await listBudgets(await treasury(), ownNames(query)),
    setBudget: async (name, cap) =>
      await asked(setBudget(await treasury(), checkedName(name), cap)),
    raiseBudget: async (raise) => {
      const name = checkedName(raise.name);
      return await asked(raiseBudget(await treasury(), { ...raise, name }));
    },
    releaseFeared: async (release) => {
      const name = checkedName(release.name);
      return await asked(releaseFeared(await treasury(), { ...release, name }));
    },
    usage: async (query) => await usageOf(await treasury(), query),
    recordedCalls: async (query) => await readCalls((await treasury()).db, query),
  };
}
