// An agent in code. What is wrong with it is told when it is defined, all at once, and not when a run is opened.

import type { AgentDefinition } from "../../activities/agents.ts";
import { didYouMean } from "../domain/nearest-word.ts";
import {
  agentIn,
  FIELD_NAMES,
  LIMIT_NAMES,
  type AgentFields,
  type FieldMistake,
} from "./agent-fields.ts";

export type { AgentFields, AgentLimits } from "./agent-fields.ts";

const DEFINED = new WeakSet<object>();

/** Throws an AgentMistakes with all that is wrong. */
export function defineAgent(fields: AgentFields): AgentDefinition {
  const given: Readonly<Record<string, unknown>> = { ...fields };
  const mistakes = unknownFields(given);
  const parsed = agentIn(given, "");
  const name = typeof given["name"] === "string" ? given["name"] : "";
  if (name === "") mistakes.push(NAMELESS);
  if (parsed.kind === "wrong") mistakes.push(...parsed.mistakes);
  if (parsed.kind === "wrong" || mistakes.length > 0) throw new AgentMistakes(name, mistakes);
  DEFINED.add(parsed.definition);
  return Object.freeze(parsed.definition);
}

export function isDefinedAgent(value: unknown): value is AgentDefinition {
  return typeof value === "object" && value !== null && DEFINED.has(value);
}

export class AgentMistakes extends Error {
  override readonly name = "AgentMistakes";
  readonly mistakes: readonly FieldMistake[];

  constructor(agent: string, mistakes: readonly FieldMistake[]) {
    const told = mistakes.map(({ what, remedy }) => `${what} ${remedy}`).join(" ");
    super(`agent "${agent}" can't be defined: ${told}`);
    this.mistakes = mistakes;
  }
}

const NAMELESS: FieldMistake = { path: ["name"], what: "name is missing.", remedy: "Give it one." };

function unknownFields(given: Readonly<Record<string, unknown>>): FieldMistake[] {
  const { limits } = given;
  const ofLimits = typeof limits === "object" && limits !== null ? Object.keys(limits) : [];
  return [
    ...unknownIn(Object.keys(given), FIELD_NAMES).map(at([])),
    ...unknownIn(ofLimits, LIMIT_NAMES).map(at(["limits"])),
  ];
}

/** Of the fields that are written; with the one that was likely meant. */
export function unknownIn(
  written: readonly string[],
  known: readonly string[],
): { readonly field: string; readonly what: string; readonly remedy: string }[] {
  return written
    .filter((field) => !known.includes(field))
    .map((field) => ({
      field,
      what: `There is no field ${field}.`,
      remedy: didYouMean(field, known).trim() || `The fields are ${known.join(", ")}.`,
    }));
}

function at(path: readonly string[]) {
  return ({ field, what, remedy }: ReturnType<typeof unknownIn>[number]): FieldMistake => ({
    path: [...path, field],
    what,
    remedy,
  });
}
