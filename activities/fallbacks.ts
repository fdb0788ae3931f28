// Who stands in for the model of a run: pinned when the run begins, so that a name that nobody knows fails
// there, and not in the middle of an outage.

import type { Config } from "../src/config.ts";
import type { Fallbacks } from "../src/domain/run/snapshot.ts";
import { endBefore } from "../src/domain/model-end.ts";
import { familyOf, specOf, TIER_NAMES, type ModelTable } from "../src/domain/model-table.ts";
import type { Tier } from "../src/domain/prices.ts";
import { priceOn } from "../src/domain/pricing.ts";
import type { AgentDefinition } from "./agents.ts";

/** Null where nobody does: then the run waits for its model. `models` are all that it may want. */
export function fallbacksFor(
  models: readonly string[],
  { fallbacks }: AgentDefinition,
  config: Config,
): Fallbacks | null {
  const today = new Date().toISOString();
  const { table } = config.models;
  const chains = models.map((model) => {
    const named = namedFor(tierOf(table, model), fallbacks) ?? config.agent.fallbackModels;
    const others = [...new Set(named.map((name) => modelOf(table, name)))].filter(
      (other) => other !== model,
    );
    return [
      model,
      others.filter((other) => endBefore(specOf(table, other), today) === null),
    ] as const;
  });
  if (chains.every(([, chain]) => chain.length === 0)) return null;
  const prices = chains.flat(2).map((name) => [name, priceOn(specOf(table, name), today)] as const);
  return {
    chains: Object.fromEntries(chains),
    attemptsMax: config.agent.fallbackAfterAttempts,
    prices: Object.fromEntries(prices),
  };
}

function namedFor(
  tier: Tier,
  fallbacks: AgentDefinition["fallbacks"],
): readonly string[] | undefined {
  return isList(fallbacks) ? fallbacks : fallbacks?.[tier];
}

function isList(fallbacks: AgentDefinition["fallbacks"]): fallbacks is readonly string[] {
  return Array.isArray(fallbacks);
}

/** A model that serves no tier is taken for one of the medium. */
function tierOf({ tiers }: ModelTable, model: string): Tier {
  const serves = (name: string): boolean => TIER_NAMES.some((tier) => tiers[tier] === name);
  const known = serves(model) ? model : familyOf(model);
  return TIER_NAMES.find((tier) => tiers[tier] === known) ?? "medium";
}

function modelOf({ tiers }: ModelTable, name: string): string {
  const tier = TIER_NAMES.find((known) => known === name);
  return tier === undefined ? name : tiers[tier];
}
