// The model of a run, and who chooses among several: pinned when the run begins.

import { specOf } from "../src/domain/model-table.ts";
import { modelsFor } from "../src/domain/run/routing.ts";
import type { Routing } from "../src/domain/run/snapshot.ts";
import type { RunInput } from "../src/domain/run/carried.ts";
import type { Tier } from "../src/domain/prices.ts";
import type { Config } from "../src/config.ts";
import type { AgentDefinition } from "./agents.ts";

const BYTES_PER_TOKEN = 4;

/** Whom the caller names, else the agent, else the operator. */
export function modelFor(input: RunInput, agent: AgentDefinition, config: Config): string {
  const { table } = config.models;
  const ofTier = (tier: Tier | undefined): string | undefined => tier && table.tiers[tier];
  const ofCaller = input.model ?? ofTier(input.tier);
  const ofAgent = agent.model ?? ofTier(agent.tier);
  const model = ofCaller ?? ofAgent ?? config.agent.model ?? table.tiers.medium;
  specOf(table, model);
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
  const models = modelsFor(config.models.table, own);
  return { policy, models, openingTokens: Math.ceil(bytes / BYTES_PER_TOKEN) };
}
