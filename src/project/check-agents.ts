// What an agent's file alone can't tell: whether there are the tools and models that it names.

import { didYouMean } from "../domain/nearest-word.ts";
import { modelSpec, TIER_NAMES, type ModelTable } from "../domain/model-table.ts";
import { fits, isPattern, namesMeant } from "../domain/name-pattern.ts";
import type { Mistake, Path } from "./mistake.ts";
import type { ReadAgent } from "./read-agent.ts";

interface Known {
  /** Names of tools. */
  readonly known: readonly string[];
  /** Patterns of names that are known once a run is opened. */
  readonly elsewhere: readonly string[];
  readonly models: ModelTable;
  /** Files of tools that can't be used: what they hold nobody knows. */
  readonly brokenTools: readonly string[];
  readonly former: readonly ReadAgent[];
}

interface Checked {
  readonly agents: readonly ReadAgent[];
  readonly mistakes: readonly Mistake[];
  readonly keptOld: readonly string[];
}

export function checkAgents(agents: readonly ReadAgent[], around: Known): Checked {
  const mistakes: Mistake[] = [];
  const keptOld: string[] = [];
  const right = agents.flatMap((agent) => {
    const wrong = mistakesIn(agent, around);
    if (wrong.length === 0) return [agent];
    mistakes.push(...wrong);
    const old = around.former.filter(
      ({ file, definition }) => file === agent.file && definition.name === agent.definition.name,
    );
    if (old.length > 0) keptOld.push(agent.file);
    return old;
  });
  return { agents: right, mistakes, keptOld };
}

function mistakesIn(agent: ReadAgent, around: Known): readonly Mistake[] {
  const { definition, file } = agent;
  const at = (path: Path, what: string, remedy: string): Mistake => ({
    file,
    line: agent.lineOf(path),
    what,
    remedy,
  });
  const tools = definition.tools
    .map((name, index) => ({ name, index }))
    .filter(({ name }) => !isThere(name, around))
    .map(({ name, index }) => at(["tools", index], unknownTool(name, around), remedyFor(around)));
  const meant = namesMeant(definition.tools, around.known);
  const policies = Object.keys(definition.policy ?? {})
    .filter((name) => !meant.includes(name) && !mayCome(name, definition.tools, around))
    .map((name) =>
      at(
        ["policy", name],
        `The policy speaks of ${name}, which is no tool of this agent.${didYouMean(name, meant)}`,
        `Its tools are ${meant.join(", ") || "none"}.`,
      ),
    );
  return [...tools, ...policies, ...modelMistakes(agent, around, at)];
}

function isThere(name: string, { known, elsewhere }: Known): boolean {
  if (isPattern(name)) {
    const stem = name.slice(0, name.indexOf("*"));
    return (
      known.some((one) => fits(name, one)) ||
      elsewhere.some((pattern) => overlaps(stem, pattern.replace(/\*$/, "")))
    );
  }
  return known.includes(name) || elsewhere.some((pattern) => fits(pattern, name));
}

function overlaps(stem: string, other: string): boolean {
  return stem.startsWith(other) || other.startsWith(stem);
}

function mayCome(name: string, listed: readonly string[], { elsewhere }: Known): boolean {
  const isListed = listed.some((one) => (isPattern(one) ? fits(one, name) : one === name));
  return isListed && elsewhere.some((pattern) => fits(pattern, name));
}

function unknownTool(name: string, { known, brokenTools }: Known): string {
  const kind = isPattern(name) ? `No tool is meant by ${name}.` : `There is no tool ${name}.`;
  const maybe =
    brokenTools.length === 0 ? "" : ` ${brokenTools.join(", ")} can't be used, and may have it.`;
  return `${kind}${didYouMean(name, known)}${maybe}`;
}

function remedyFor({ known }: Known): string {
  return `There are ${known.join(", ")}.`;
}

function modelMistakes(
  { definition }: ReadAgent,
  { models }: Known,
  at: (path: Path, what: string, remedy: string) => Mistake,
): readonly Mistake[] {
  const { model, fallbacks = [] } = definition;
  const named: readonly (readonly [Path, string])[] = [
    ...(model === undefined ? [] : [[["model"], model] as const]),
    ...Object.entries(fallbacks).flatMap(([key, value]) =>
      [value].flat().map((name: string, index) => {
        const path = Array.isArray(fallbacks) ? [Number(key)] : [key, index];
        return [["fallbacks", ...path], name] as const;
      }),
    ),
  ];
  const known = [...TIER_NAMES, ...Object.keys(models.models)];
  return named
    .filter(([[field], name]) => {
      const isTier = field === "fallbacks" && TIER_NAMES.some((tier) => tier === name);
      return !isTier && modelSpec(models, name) === undefined;
    })
    .map(([path, name]) =>
      at(
        path,
        `There is no model ${name}.${didYouMean(name, known)}`,
        `There are ${Object.keys(models.models).join(", ")}; others go into models.json (docs/models.md).`,
      ),
    );
}
