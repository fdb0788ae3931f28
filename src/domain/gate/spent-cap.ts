// The gate rule of a run that has spent all it may: no model call can follow, so nobody would read what became of
// an effect.

import type { GateRule } from "./gate-rule.ts";

export const spentCap: GateRule = ({ tool }, { spentMicroUsd, costCapMicroUsd }) =>
  tool.permission === "read" || spentMicroUsd < costCapMicroUsd
    ? null
    : { kind: "cost_cap_exceeded", reason: "the run has spent all that it may cost" };
