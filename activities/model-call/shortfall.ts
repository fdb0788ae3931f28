// What a call lacks that can't be paid, in dollars, and the smallest thing that would do: a cap, as a flag or a
// variable, or what must be added to a budget that others share.

import type { AccountLimit } from "../../src/domain/outcome.ts";
import { dollars, roundedUp, usdOf } from "../../src/domain/money.ts";
import type { PreparedCall } from "./call-attempt.ts";

export interface Shortfall {
  readonly limit: AccountLimit;
  /** The worst case of the smallest call that is worth making, with what must be left behind it. */
  readonly neededMicroUsd: number;
  readonly leftMicroUsd: number;
  readonly capMicroUsd: number;
  readonly resetsAt: string | null;
}

export function shortfallText(prepared: PreparedCall, shortfall: Shortfall): string {
  const { limit, neededMicroUsd, leftMicroUsd, capMicroUsd, resetsAt } = shortfall;
  const left = `${dollars(Math.max(0, leftMicroUsd))} of ${dollars(capMicroUsd)}`;
  const whose = limit === "cost" ? "" : ` in the ${limit.replaceAll("_", " ")} budget`;
  const reset = resetsAt === null ? "" : `; it resets at ${resetsAt}`;
  const lacks = dollars(neededMicroUsd - leftMicroUsd);
  const way = wayOut(prepared, shortfall);
  return `the next call can cost ${dollars(neededMicroUsd)}, and ${left} is left${whose}${reset}; it needs ${lacks} more: ${way}`;
}

function wayOut(
  { deps, call, conversation }: PreparedCall,
  { limit, neededMicroUsd, leftMicroUsd, capMicroUsd }: Shortfall,
): string {
  const lacks = neededMicroUsd - leftMicroUsd;
  const cap = roundedUp(capMicroUsd + lacks);
  switch (limit) {
    case "cost": {
      if (cap > deps.config.caps.runMicroUsd) return `PAWL_RUN_CAP_USD=${usdOf(cap)}`;
      const { agentCapMicroUsd = cap } = conversation.snapshot;
      return cap > agentCapMicroUsd
        ? `limits.costMicroUsd of the agent, ${cap}`
        : `--max-cost ${usdOf(cap)}`;
    }
    case "batch":
      return `pawl batch --max-cost ${usdOf(cap)}`;
    case "session":
      return `pawl budget raise session --tenant ${asWord(call.payer.tenant)} --session ${asWord(call.payer.session)} ${usdOf(roundedUp(lacks))}`;
    case "tenant_day":
    case "tenant_month":
      return `pawl budget raise ${limit} --tenant ${asWord(call.payer.tenant)} ${usdOf(roundedUp(lacks))}`;
    case "global_day":
      return `pawl budget raise ${limit} ${usdOf(roundedUp(lacks))}`;
  }
}

/** Of a shell. */
function asWord(name: string): string {
  return /^[\w.@:-]+$/.test(name) ? name : JSON.stringify(name);
}
