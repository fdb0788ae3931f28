// Which tier of models a run, or a turn of it, is given to: from what was pinned at the start and what has been
// recorded since.

import type { Entry, Reply } from "../call.ts";
import { INTERRUPTED } from "../call.ts";
import { fittingText } from "../json-size.ts";
import type { ModelTable } from "../model-table.ts";
import type { Tier } from "../prices.ts";
import { fateOfCalls } from "./reply-calls.ts";
import type { Routing } from "./snapshot.ts";
import type { Memory, Models, TierChoice } from "./state.ts";

export interface Wanted {
  readonly model: string;
  /** Empty where nobody chose. */
  readonly why: string;
}

/** Prompts up to so many tokens; what is longer is complex. */
const SIZES = [
  { tokensMax: 8000, tier: "simple" },
  { tokensMax: 50_000, tier: "medium" },
] as const satisfies readonly { tokensMax: number; tier: Tier }[];

const ORDER: readonly Tier[] = ["simple", "medium", "complex"];
const WHY_BYTES_MAX = 200;

/** What the classifier reads of a task: whether it is hard shows early. */
const EXCERPT_BYTES_MAX = 4000;
/** Below this the run has no call to give away. */
const CALLS_MIN = 3;
const TOOL_TURNS_MIN = 2;

export function openingChoice(routing: Routing | undefined): TierChoice | null {
  return routing?.policy === "by-context-size" ? bySize(routing.openingTokens) : null;
}

function bySize(tokens: number): TierChoice {
  const tier = SIZES.find(({ tokensMax }) => tokens <= tokensMax)?.tier ?? "complex";
  return { tier, why: `the prompt has about ${tokens} tokens` };
}

/** `told`: null of calls that sum up, which are no step on the way to an answer. */
export function wantedModel(memory: Memory, told: readonly Entry[] | null): Wanted {
  const { routing, model } = memory.snapshot;
  if (routing === undefined) return { model, why: "" };
  const { policy, models } = routing;
  if (policy === "per-turn") return byTurn(memory, models.simple, told);
  const { choice } = memory.models;
  if (choice === null) return { model, why: "" };
  return { model: models[choice.tier], why: `${policy}: ${choice.tier}, ${choice.why}` };
}

/** A conversation that has grown is given to a larger tier, and not back: each change empties the cache. */
export function choiceAfter({ snapshot, models }: Memory, tokens: number): TierChoice | null {
  const { choice } = models;
  if (choice === null || snapshot.routing?.policy !== "by-context-size") return choice;
  const now = bySize(tokens);
  return ORDER.indexOf(now.tier) > ORDER.indexOf(choice.tier) ? now : choice;
}

/**
 * Once tools have answered twice in a row, a small model says which are called next. It never answers: where
 * it calls none, the run's own model is asked the same. Most work is done by then, or a long chain has begun.
 */
function byTurn(
  { snapshot, models, talk }: Memory,
  dispatcher: string,
  told: readonly Entry[] | null,
): Wanted {
  const own = { model: snapshot.model, why: "per-turn: the next step, or the answer" };
  if (told === null || models.refused.includes(dispatcher) || models.last.inVain) return own;
  const callsOpen = talk.asking?.calls.length ?? 0;
  // Not where a person spoke as well, nor on a branch.
  const onlyTools =
    models.toolTurns >= TOOL_TURNS_MIN && callsOpen > 0 && told.length === callsOpen;
  return onlyTools ? { model: dispatcher, why: "per-turn: tools have answered" } : own;
}

/** True where a reply was to call tools, and calls none. */
export function isDispatchedInVain(
  { routing, model }: Memory["snapshot"],
  { wanted }: Pick<Models["last"], "wanted">,
  reply: Reply,
): boolean {
  if (routing?.policy !== "per-turn") return false;
  const { simple } = routing.models;
  if (wanted !== simple || simple === model) return false;
  const { stopReason } = reply;
  if (fateOfCalls(reply) === "due") return false;
  return stopReason !== "pause_turn" && stopReason !== INTERRUPTED;
}

/** True where a small model is to be asked first which tier the task is for. */
export function awaitsChoice({ snapshot, models, talk }: Memory, callsMax: number): boolean {
  const isAsked = snapshot.routing?.policy === "by-classifier" && talk.headTokens === 0;
  return isAsked && models.choice === null && callsMax >= CALLS_MIN;
}

/** In brackets, so that a task which speaks to the classifier is still seen to be a task. */
export function excerptOf(task: string): string {
  return `<task>\n${fittingText(task, EXCERPT_BYTES_MAX, "…")}\n</task>`;
}

/** Whatever goes wrong with the choice, the run goes on, in the medium tier. */
export function choiceIn(text: string): TierChoice {
  const said = parsed(text);
  const tier = ORDER.find((known) => known === said?.["tier"]);
  if (tier === undefined) return medium("the classifier did not answer as asked");
  const why = typeof said?.["reason"] === "string" ? said["reason"] : "";
  return { tier, why: fittingText(why, WHY_BYTES_MAX, "…") };
}

export function medium(why: string): TierChoice {
  return { tier: "medium", why };
}

function parsed(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === "object" && said !== null ? { ...said } : null;
  } catch {
    return null;
  }
}

export function modelsFor({ tiers }: ModelTable, own: string): Readonly<Record<Tier, string>> {
  return { ...tiers, medium: own };
}
