// What operator, agent and caller say of a tool, joined when the run is opened: the policy that is pinned.
//
//   J1. The strictest rule holds: nobody can loosen what another has said, and a caller nothing at all.
//   J2. A tool that nobody spoke of follows its permission: read is allowed, admin denied, the rest asked.

import type { Rule } from "../approval.ts";
import type { Permission } from "../permission.ts";
import type { CallerPolicy } from "../run/order.ts";
import type { ToolSpec } from "../tool.ts";

export type RuleByTool = Readonly<Record<string, Rule>>;

export interface PolicyLayers {
  /** PAWL_TOOL_POLICY. */
  readonly operator: RuleByTool;
  readonly agent: RuleByTool;
  readonly caller: CallerPolicy;
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
  const said = [saidOf(name, operator), saidOf(name, agent)].filter((rule) => rule !== undefined);
  const ours = said.length === 0 ? BY_PERMISSION[permission] : strictest(said);
  const theirs: readonly Rule[] = [
    ...(caller.ask?.includes(name) === true ? (["ask"] as const) : []),
    ...(caller.deny?.includes(name) === true ? (["deny"] as const) : []),
  ];
  return strictest([ours, ...theirs]);
}

/** Where the policy of a run keeps its word on those calls of a tool that only read; no tool can be called so. */
export function readingName(name: string): string {
  return `${name}(read)`;
}

/** What the policy says of a name, whether or not there is such a tool. */
export function isDenied(name: string, policy: RuleByTool): boolean {
  return saidOf(name, policy) === "deny";
}

export function ruleIn(
  policy: RuleByTool,
  { name, permission }: Pick<ToolSpec, "name" | "permission">,
): Rule {
  return saidOf(name, policy) ?? BY_PERMISSION[permission];
}

/** Names come from outside: `constructor` is one, and no rule. */
function saidOf(name: string, rules: RuleByTool): Rule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}
