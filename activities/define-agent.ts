// An agent as its author writes it, checked before any run has it. Agents may come from plain JavaScript, where no
// compiler has looked at them: all that is wrong is told at once.

import { ON_FAILURE } from "../src/domain/effect.ts";
import { PERMISSIONS } from "../src/domain/permission.ts";
import { TIER_NAMES } from "../src/domain/model-table.ts";
import { POLICIES } from "../src/domain/run/snapshot.ts";
import type { AgentDefinition } from "./agents.ts";

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const RULES: readonly unknown[] = ["allow", "ask", "deny"];

type Check = (given: unknown) => string | null;

const CHECKS: Readonly<Record<keyof AgentDefinition, Check>> = {
  name: (given) => (isText(given) && NAME.test(given) ? null : `must match ${NAME.source}`),
  instructions: (given) =>
    isText(given) && given.trim() !== "" ? null : "must be a text: the model is told nothing else",
  tools: (given) =>
    Array.isArray(given) && given.every(isText) ? null : "must be a list of names of tools",
  policy: (given) => {
    const isUsable = isRecord(given) && Object.values(given).every((rule) => RULES.includes(rule));
    return isUsable ? null : `must give each tool one of ${RULES.join(", ")}`;
  },
  permission: oneOf(PERMISSIONS),
  tier: oneOf(TIER_NAMES),
  routing: oneOf(POLICIES),
  fallbacks: (given) =>
    areNames(given) || (isRecord(given) && Object.values(given).every(areNames))
      ? null
      : "must be a list of models or tiers, or one for each tier",
  limits: (given) => (isRecord(given) && Object.values(given).every(isLimit) ? null : NO_LIMITS),
  onFailure: oneOf(ON_FAILURE),
};

const NO_LIMITS = "must be an object of whole numbers, such as { costMicroUsd: 50_000 }";
const NEEDED: readonly string[] = ["name", "instructions", "tools"];

/**
 * An agent: instructions for the model, and the names of the tools that it may use. Throws an Error that names every
 * mistake.
 */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  const given: Readonly<Record<string, unknown>> = isRecord(definition) ? definition : {};
  const unknown = Object.keys(given).filter((key) => !Object.hasOwn(CHECKS, key));
  const mistakes = [
    ...Object.entries(CHECKS).flatMap(([key, check]) => {
      if (given[key] === undefined && !NEEDED.includes(key)) return [];
      const wrong = check(given[key]);
      return wrong === null ? [] : [`${key} ${wrong}`];
    }),
    ...unknown.map((key) => `there is no ${key}: it has ${Object.keys(CHECKS).join(", ")}`),
  ];
  if (mistakes.length === 0) return Object.freeze({ ...definition });
  const name = isText(given["name"]) ? given["name"] : "";
  throw new Error(`agent "${name}" can't be defined: ${mistakes.join("; ")}`);
}

function oneOf(words: readonly string[]): Check {
  return (given) => (isText(given) && words.includes(given) ? null : `is one of ${words.join(", ")}`);
}

function isText(given: unknown): given is string {
  return typeof given === "string";
}

function areNames(given: unknown): boolean {
  return Array.isArray(given) && given.every(isText);
}

function isLimit(given: unknown): boolean {
  return given === null || (Number.isSafeInteger(given) && Number(given) >= 0);
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}
