// What gate rules know of the run besides the call itself: what it remembers, with the reply that asks for the call.

import type { Reply } from "../call.ts";
import type { Memory } from "../run/state.ts";
import type { RuleByTool } from "./policy-layers.ts";

export interface Circumstances {
  readonly policy: RuleByTool;
  /** Tools that a person has approved for the rest of the run. */
  readonly alwaysApproved: readonly string[];
  readonly spentMicroUsd: number;
  readonly costCapMicroUsd: number;
}

export function circumstancesOf({ snapshot, counts, people }: Memory, reply: Reply): Circumstances {
  return {
    policy: snapshot.policy,
    alwaysApproved: people.always,
    spentMicroUsd: counts.spentMicroUsd + reply.costMicroUsd + reply.crashTaxMicroUsd,
    costCapMicroUsd: reply.costCapMicroUsd,
  };
}
