// The accounts that a call is charged to, from its run's own up to the whole world's day; derived here
// from its payer and nowhere else. Caps are the operator's and read at every call; a caller can only lower
// the run's own. For the shared ones the environment gives what holds where no budget is set
// (src/store/budgets.ts).

import { capsByScope, type Config } from "../../src/config.ts";
import { BUDGET_SCOPES } from "../../src/domain/budget.ts";
import type { ModelCall, Share } from "../../src/domain/call.ts";
import { sharedAccount } from "../../src/store/budgets.ts";
import type { Account } from "../../src/store/ledger.ts";

type Caps = Config["caps"];
type Charged = Pick<ModelCall, "payer" | "budget">;

export function accountsOf(
  runId: string,
  call: Charged,
  caps: Caps,
  now: Date,
): readonly Account[] {
  const { payer } = call;
  const own: Account = {
    key: `run/${runId}`,
    limit: "cost",
    capMicroUsd: runCapOf(call, caps),
    resetsAt: null,
    budgets: [],
  };
  const at = { payer, now, given: capsByScope(caps) };
  return [
    own,
    ...payer.shares.map(accountOfShare),
    ...BUDGET_SCOPES.map((scope) => sharedAccount(scope, at)),
  ];
}

export function runCapOf({ budget }: Pick<ModelCall, "budget">, caps: Caps): number {
  return Math.min(caps.runMicroUsd, budget.costCapMicroUsd ?? caps.runMicroUsd);
}

/** Its cap was part of an order: no budget overrides it. */
function accountOfShare({ key, limit, capMicroUsd }: Share): Account {
  return { key, limit, capMicroUsd, resetsAt: null, budgets: [] };
}
