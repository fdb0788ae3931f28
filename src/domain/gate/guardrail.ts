// The word on a call of a tool, before it is made: the strictest that any gate rule has. A new rule is a file in
// this folder and its line in the list.

import type { Circumstances } from "./circumstances.ts";
import type { GatedCall, GateRule, Verdict } from "./gate-rule.ts";
import { runPolicy } from "./run-policy.ts";
import { spentCap } from "./spent-cap.ts";

const RULES: readonly GateRule[] = [runPolicy, spentCap];

/** Nobody is asked about what can't be paid, and what is denied is denied, paid or not. */
const STRICTNESS: readonly Verdict["kind"][] = ["allowed", "ask", "cost_cap_exceeded", "denied"];

/** Of two that are equally strict, the first in the list gives the reason. */
export function verdictOn(gated: GatedCall, circumstances: Circumstances): Verdict {
  const judged = asItReads(gated);
  const said = RULES.map((rule) => rule(judged, circumstances)).filter(
    (verdict) => verdict !== null,
  );
  return said.reduce((a, b) => (strictness(b) > strictness(a) ? b : a));
}

/** A call that only reads is judged as one of a tool that does. */
function asItReads({ call, tool }: GatedCall): GatedCall {
  if (call.isReading !== true) return { call, tool };
  return { call, tool: { ...tool, permission: "read" } };
}

function strictness({ kind }: Verdict): number {
  return STRICTNESS.indexOf(kind);
}
