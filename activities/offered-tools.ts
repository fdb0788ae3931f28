// What a run may call, and under which rules: pinned when it is opened. What is denied, or above the run's
// permission, is not even offered; a model that calls it all the same is told why not.

import type { Config } from "../src/config.ts";
import type { Rule } from "../src/domain/approval.ts";
import {
  readingName,
  ruleFor,
  type PolicyLayers,
  type RuleByTool,
} from "../src/domain/gate/policy-layers.ts";
import { namesMeant } from "../src/domain/name-pattern.ts";
import {
  lowestOf,
  permits,
  type Permission,
  type RunPermission,
} from "../src/domain/permission.ts";
import { present } from "../src/domain/present.ts";
import type { CallerPolicy, Order } from "../src/domain/run/order.ts";
import type { ServerTool, ToolSpec } from "../src/domain/tool.ts";
import { failure } from "./attempt.ts";
import {
  isKnownTool,
  listTools,
  type RunTerms,
  type ToolSource,
} from "./tool-sources/tool-source.ts";

export interface OfferedTools {
  readonly tools: readonly ToolSpec[];
  readonly serverTools: readonly ServerTool[];
  readonly standInTools?: readonly ToolSpec[];
  readonly policy: RuleByTool;
  readonly permission?: RunPermission;
}

interface Operator {
  readonly toolSources: readonly ToolSource[];
  readonly config: Config;
}

export async function toolsFor(
  terms: RunTerms,
  { policy: caller = {}, permission: callerMay }: Pick<Order, "policy" | "permission">,
  { toolSources, config }: Operator,
): Promise<OfferedTools> {
  const { agent } = terms;
  const known = await listTools(toolSources, terms);
  const specs = known.map(({ spec }) => spec);
  refuseUnknown(caller, specs, toolSources);
  const layers = { operator: config.tools.policy ?? {}, agent: agent.policy ?? {}, caller };
  const listed = namesMeant(
    agent.tools,
    specs.map(({ name }) => name),
  );
  const policy = Object.fromEntries(
    specs.filter(({ name }) => listed.includes(name)).flatMap((spec) => rulesFor(spec, layers)),
  );
  const lowest = lowestOf([callerMay, agent.permission]);
  const withheld = specs.filter(
    ({ name, permission }) => listed.includes(name) && !permits(lowest, permission),
  );
  const allowed = config.agent.allowedTools ?? listed;
  const offered = listed
    .filter((name) => allowed.includes(name) && policy[name] !== "deny")
    .map((name) => known.find(({ spec }) => spec.name === name))
    .filter((tool) => tool !== undefined)
    .filter(({ spec }) => permits(lowest, spec.permission))
    .filter(({ isIdle = false }) => !isIdle);
  // Nobody can be asked about a call that the provider makes by itself.
  const onServer = offered.filter(({ spec: { name } }) => policy[name] !== "ask");
  const serverTools = onServer.map((tool) => tool.onServer ?? null).filter((tool) => tool !== null);
  const standIns = onServer.filter((tool) => (tool.onServer ?? null) !== null);
  return {
    tools: offered
      .filter((tool) => tool.onServer === undefined)
      .map(({ spec }) => withinToolTimeout(spec, config)),
    serverTools,
    ...(standIns.length > 0 && {
      standInTools: standIns.map(({ spec }) => withinToolTimeout(spec, config)),
    }),
    policy,
    ...present({ permission: lowest && pinned(lowest, withheld) }),
  };
}

/** The tool's own, and that of its calls which only read where there are such. */
function rulesFor(spec: ToolSpec, layers: PolicyLayers): readonly [string, Rule][] {
  const whole: [string, Rule] = [spec.name, ruleFor(spec, layers)];
  if (spec.readsWhere === undefined) return [whole];
  const reading = ruleFor({ name: spec.name, permission: "read" }, layers);
  return [whole, [readingName(spec.name), reading]];
}

function pinned(lowest: Permission, withheld: readonly ToolSpec[]): RunPermission {
  return {
    lowest,
    withheld: Object.fromEntries(withheld.map(({ name, permission }) => [name, permission])),
  };
}

/** A caller who denies a tool that nobody knows has misspelt one, and would get what was to be denied. */
function refuseUnknown(
  { ask = [], deny = [] }: CallerPolicy,
  known: readonly ToolSpec[],
  sources: readonly ToolSource[],
): void {
  const unknown = [...ask, ...deny].find((name) => !isKnownTool(sources, known, name));
  if (unknown === undefined) return;
  const names = known.map(({ name }) => name).join(", ");
  throw failure(
    "USAGE",
    `The policy names ${unknown}, and there is no such tool. There are: ${names}.`,
  );
}

function withinToolTimeout(spec: ToolSpec, config: Config): ToolSpec {
  return { ...spec, timeoutMs: Math.min(spec.timeoutMs, config.timers.toolTimeoutMs) };
}
