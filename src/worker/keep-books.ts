// What a worker does for the ledger beside its calls: it says which caps its environment has, and when it is told
// to end it makes no more holds, while what is under way is booked to the end.

import { capsByScope, type Config } from "../config.ts";
import { createBudgets } from "../store/budgets.ts";
import type { Database } from "../store/database.ts";
import type { Ledger } from "../store/ledger.ts";

const SIGNALS = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;

export async function keepBooks(
  db: Database,
  { config, ledger }: { readonly config: Config; readonly ledger: Pick<Ledger, "holdNoMore"> },
): Promise<{ stop(): void }> {
  await createBudgets(db).seed(capsByScope(config.caps));
  const end = (): void => ledger.holdNoMore();
  for (const signal of SIGNALS) process.once(signal, end);
  return {
    stop: () => {
      for (const signal of SIGNALS) process.removeListener(signal, end);
    },
  };
}
