// Which models may be called, at what price, and which one each tier means. Models are data: the table ships with
// Pawl (prices.ts) and is overlaid by the operator's file, which wins; no rule asks for a model's name. What is in
// neither has no price, and what has no price is not called.
//
// A worker prices a call by its own table and by what its run was pinned to when it began (`pinnedModels`): models of
// a file travel in the snapshot, so a worker without that file, or with a newer one, charges the run as it began.

import { PawlError } from "./errors.ts";
import { isFree } from "./pricing.ts";
import { MODELS, TIERS, type ModelSpec, type Tier } from "./prices.ts";

export interface ModelTable {
  readonly models: Readonly<Record<string, ModelSpec>>;
  readonly tiers: Readonly<Record<Tier, string>>;
}

export const SHIPPED_MODELS: ModelTable = { models: MODELS, tiers: TIERS };

export const TIER_NAMES = ["simple", "medium", "complex"] as const satisfies readonly Tier[];

/** What the second says holds before what the first says. */
export function overlaid(
  table: ModelTable,
  {
    models,
    tiers = {},
  }: Pick<ModelTable, "models"> & { readonly tiers?: Partial<ModelTable["tiers"]> },
): ModelTable {
  return { models: { ...table.models, ...models }, tiers: { ...table.tiers, ...tiers } };
}

/** Throws UNKNOWN_MODEL where there is none. */
export function specOf(table: ModelTable, model: string): ModelSpec {
  const spec = modelSpec(table, model);
  if (spec !== undefined) return spec;
  throw new PawlError("UNKNOWN_MODEL", `${model} ${noPriceText(table)}`);
}

export function noPriceText({ models }: ModelTable): string {
  return `has no price, and what has no price is not called. There are: ${Object.keys(models).join(", ")}.`;
}

/** A dated snapshot (`claude-haiku-4-5-20251001`) is its family, at its family's price, unless it has one. */
export function modelSpec({ models }: ModelTable, model: string): ModelSpec | undefined {
  const known = Object.hasOwn(models, model) ? model : familyOf(model);
  return Object.hasOwn(models, known) ? models[known] : undefined;
}

const SNAPSHOT_DATE = /-20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;

/** The name without the date of a snapshot. */
export function familyOf(model: string): string {
  return model.replace(SNAPSHOT_DATE, "");
}

/** Of these, what a run must keep: all that is not the same for every worker of this version. */
export function pinnedModels(
  table: ModelTable,
  names: readonly string[],
): Readonly<Record<string, ModelSpec>> | undefined {
  const own = [...new Set(names)].flatMap((name) => {
    const spec = modelSpec(table, name);
    return spec === undefined || spec === modelSpec(SHIPPED_MODELS, name)
      ? []
      : [[name, spec] as const];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** True of a model that never costs anything, on whatever day. */
export function isFreeModel(spec: ModelSpec | undefined): boolean {
  return spec !== undefined && spec.prices.every(isFree);
}
