// Which class of model a task needs, for requests that ask for just that: by the words and the number of
// steps in it. Like the rest of the planner it is no real model, but it errs by rules that can be read.

import type { MessagesRequest } from "../request.ts";
import { goalsOf } from "./goals.ts";
import { smallTalk } from "./small-talk.ts";

const HARD =
  /\b(?:prove|design|plan|refactor|strategy|trade-?offs?|write an? (?:essay|program|report))\b/i;
const CHAINED = /\b(?:then|after that|afterwards)\b/i;
const LONG_CHARS = 1500;

export function asksForTier({ output_config: config }: MessagesRequest): boolean {
  const schema = config?.format?.schema;
  const properties: unknown = schema?.["properties"];
  return typeof properties === "object" && properties !== null && "tier" in properties;
}

export function tierOf(bracketed: string): { readonly tier: string; readonly reason: string } {
  const task = bracketed.replaceAll(/<\/?task>/g, "").trim();
  if (HARD.test(task) || task.length > LONG_CHARS) {
    return { tier: "complex", reason: "it asks for a plan or a proof, or is long" };
  }
  const goals = goalsOf(task);
  const [first] = goals;
  const isPlain = first?.kind === "arithmetic" || first?.kind === "lookup";
  const isOne = goals.length === 1 && isPlain && !CHAINED.test(task);
  return smallTalk(task) !== undefined || isOne
    ? { tier: "simple", reason: "one fact or one sum" }
    : { tier: "medium", reason: "several steps" };
}
