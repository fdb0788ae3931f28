// The accounts that a call of a run is charged to, from its own up to the whole world's day. Caps
// are the operator's and read at every call; a caller can only lower the run's own. For the shared
// ones the environment gives what holds where no budget is set (src/store/budgets.ts).

import { capsByScope, type Config } from "../src/config.ts";
import { sharedAccount } from "../src/store/budgets.ts";
import { batchAccountKey } from "../src/domain/batch.ts";
import { BUDGET_SCOPES } from "../src/domain/budget.ts";
import type { BatchShare, CallModelInput } from "../src/domain/run.ts";
import type { Account } from "../src/store/ledger.ts";

export function accountsOf(
  runId: string,
  input: CallModelInput,
  caps: Config["caps"],
  now: Date,
): readonly Account[] {
  const { costCapMicroUsd } = input;
  const own: Account = {
    key: `run/${runId}`,
    limit: "cost",
    capMicroUsd: Math.min(caps.runMicroUsd, costCapMicroUsd ?? caps.runMicroUsd),
    resetsAt: null,
    budgets: [],
  };
  const batch: Account[] = input.batch === undefined ? [] : [batchAccount(input.batch)];
  const given = capsByScope(caps);
  const at = { payer: input, now, given };
  return [own, ...batch, ...BUDGET_SCOPES.map((scope) => sharedAccount(scope, at))];
}

/** Its cap is the caller's and was part of the order: no budget overrides it. */
function batchAccount({ batchId, capMicroUsd }: BatchShare): Account {
  const key = batchAccountKey(batchId);
  return { key, limit: "batch", capMicroUsd, resetsAt: null, budgets: [] };
}
