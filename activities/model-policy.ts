// The model of a run, and who chooses among several: pinned when the run begins.

import { TIERS } from "../src/domain/prices.ts";
import { specOf } from "../src/domain/pricing.ts";
import { modelsFor, type Routing } from "../src/domain/routing.ts";
import type { RunInput } from "../src/domain/run.ts";
import type { Config } from "../src/config.ts";
import type { AgentDefinition } from "./agents.ts";

const BYTES_PER_TOKEN = 4;

/** Whom the caller names, else the agent, else the operator. */
export function modelFor(input: RunInput, agent: AgentDefinition, config: Config): string {
  const tier = input.tier ?? agent.tier;
  const model = input.model ?? (tier && TIERS[tier]) ?? config.agent.model ?? TIERS.medium;
  specOf(model);
  return model;
}

/** Null where nobody chooses. A caller who names a model or a tier has chosen, unless they say otherwise. */
export function routingFor(
  own: string,
  { input, agent, config }: { input: RunInput; agent: AgentDefinition; config: Config },
): Routing | null {
  const isChosen = input.model !== undefined || input.tier !== undefined;
  const elsewise = isChosen ? "fixed" : (agent.routing ?? config.agent.routing);
  const policy = input.routing ?? elsewise;
  if (policy === "fixed") return null;
  const bytes = Buffer.byteLength(agent.instructions) + Buffer.byteLength(input.task);
  return { policy, models: modelsFor(own), openingTokens: Math.ceil(bytes / BYTES_PER_TOKEN) };
}
