// What may be called: asked before every tool call, answered from history alone, so that a replay
// gives the same verdict. Pure.
//
// Invariants; each number is also the name of a test.
//   J1. The strictest rule holds: nobody can loosen what another has said, and a caller nothing at all.
//   J2. A tool that nobody spoke of follows its permission: read is allowed, admin denied, the rest asked.
//   J3. "Always" answers what would be asked; it never opens what is denied.

import type { Rule } from "./approval.ts";
import type { CallerPolicy } from "./run/order.ts";
import type { Permission, ToolSpec } from "./tool.ts";

export type RuleByTool = Readonly<Record<string, Rule>>;

export interface PolicyLayers {
  /** PAWL_TOOL_POLICY. */
  readonly operator: RuleByTool;
  readonly agent: RuleByTool;
  readonly caller: CallerPolicy;
}

export type Verdict =
  | { readonly kind: "allowed"; readonly reason: string }
  | { readonly kind: "denied"; readonly reason: string }
  | { readonly kind: "ask"; readonly reason: string }
  | { readonly kind: "cost_cap_exceeded"; readonly reason: string };

export interface Circumstances {
  readonly policy: RuleByTool;
  /** Tools that a person has approved for the rest of the run. */
  readonly alwaysApproved: readonly string[];
  readonly spentMicroUsd: number;
  readonly costCapMicroUsd: number;
}

const STRICTNESS: readonly Rule[] = ["allow", "ask", "deny"];

const BY_PERMISSION: Readonly<Record<Permission, Rule>> = {
  read: "allow",
  write: "ask",
  execute: "ask",
  admin: "deny",
};

export function strictest(rules: readonly Rule[]): Rule {
  const strictness = Math.max(0, ...rules.map((rule) => STRICTNESS.indexOf(rule)));
  return STRICTNESS[strictness] ?? "deny";
}

export function ruleFor(
  { name, permission }: Pick<ToolSpec, "name" | "permission">,
  { operator, agent, caller }: PolicyLayers,
): Rule {
  const said = [ruleIn(operator, name), ruleIn(agent, name)].filter((rule) => rule !== undefined);
  const ours = said.length === 0 ? BY_PERMISSION[permission] : strictest(said);
  const theirs: readonly Rule[] = [
    ...(caller.ask?.includes(name) === true ? (["ask"] as const) : []),
    ...(caller.deny?.includes(name) === true ? (["deny"] as const) : []),
  ];
  return strictest([ours, ...theirs]);
}

/** What the policy says of a name, whether or not there is such a tool. */
export function isDenied(name: string, policy: RuleByTool): boolean {
  return ruleIn(policy, name) === "deny";
}

export function verdictOn(tool: ToolSpec, circumstances: Circumstances): Verdict {
  const { policy, alwaysApproved, spentMicroUsd, costCapMicroUsd } = circumstances;
  const { name, permission } = tool;
  const rule = ruleIn(policy, name) ?? BY_PERMISSION[permission];
  if (rule === "deny") return { kind: "denied", reason: `the policy of this run denies ${name}` };
  // No model call can follow, so nobody would read what became of the effect.
  if (permission !== "read" && spentMicroUsd >= costCapMicroUsd) {
    return { kind: "cost_cap_exceeded", reason: "the run has spent all that it may cost" };
  }
  if (rule === "allow") {
    return { kind: "allowed", reason: `the policy of this run allows ${name}` };
  }
  if (alwaysApproved.includes(name)) {
    return { kind: "allowed", reason: `a person approved every call of ${name} in this run` };
  }
  return {
    kind: "ask",
    reason: `${name} (permission ${permission}) needs a person's approval in this run`,
  };
}

/** Names come from outside: `constructor` is one, and no rule. */
function ruleIn(rules: RuleByTool, name: string): Rule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}
