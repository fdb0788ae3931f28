// Which tier of models a run, or a turn of it, is given to. Decided in the workflow, from what was pinned at
// the start and what has been recorded since.

import { fittingText } from "./json-size.ts";
import { TIERS, type Tier } from "./prices.ts";
import { INTERRUPTED, type Reply } from "./call.ts";
import type { RunState } from "./run-state.ts";

export const POLICIES = ["fixed", "by-context-size", "by-classifier", "per-turn"] as const;
export type Policy = (typeof POLICIES)[number];

/** Pinned when the run begins; absent where the policy is fixed. */
export interface Routing {
  readonly policy: Exclude<Policy, "fixed">;
  /** The run's own model is that of the medium tier. */
  readonly models: Readonly<Record<Tier, string>>;
  /** What the first prompt weighs, roughly; later ones have been weighed by the provider. */
  readonly openingTokens: number;
}

export interface Verdict {
  readonly tier: Tier;
  readonly why: string;
}

export interface Wanted {
  readonly model: string;
  /** Empty where nothing was decided. */
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

export function openingVerdict({ policy, openingTokens }: Routing): Verdict | null {
  return policy === "by-context-size" ? bySize(openingTokens) : null;
}

function bySize(tokens: number): Verdict {
  const tier = SIZES.find(({ tokensMax }) => tokens <= tokensMax)?.tier ?? "complex";
  return { tier, why: `the prompt has about ${tokens} tokens` };
}

/** `sumsUp`: the last call of a run that stops. It is an answer, and no step on the way to one. */
export function route(state: RunState, sumsUp: boolean): Wanted {
  const { snapshot, course } = state;
  const { routing, model } = snapshot;
  if (routing === undefined || course === undefined) return { model, why: "" };
  const { policy, models } = routing;
  if (policy === "per-turn") return byTurn(state, models.simple, sumsUp);
  const { verdict } = course;
  if (verdict === undefined) return { model, why: "" };
  return { model: models[verdict.tier], why: `${policy}: ${verdict.tier}, ${verdict.why}` };
}

/** A conversation that has grown is given to a larger tier, and not back: each change empties the cache. */
export function verdictAfter({ snapshot, course }: RunState, tokens: number): Verdict | undefined {
  const verdict = course?.verdict;
  if (verdict === undefined || snapshot.routing?.policy !== "by-context-size") return verdict;
  const now = bySize(tokens);
  return ORDER.indexOf(now.tier) > ORDER.indexOf(verdict.tier) ? now : verdict;
}

/**
 * Once tools have answered twice in a row, a small model says which are called next. It never answers: where
 * it calls none, the run's own model is asked the same. Most work is done by then, or a long chain has begun.
 */
function byTurn(state: RunState, dispatcher: string, sumsUp: boolean): Wanted {
  const { snapshot, course, entries } = state;
  const own = { model: snapshot.model, why: "per-turn: the next step, or the answer" };
  if (sumsUp || course === undefined || course.refused.includes(dispatcher)) return own;
  const { callsOpen = 0, toolTurns = 0 } = course;
  const onlyTools = toolTurns >= TOOL_TURNS_MIN && entries.length === callsOpen;
  return onlyTools ? { model: dispatcher, why: "per-turn: tools have answered" } : own;
}

/** True where a reply was to call tools, and calls none. */
export function isDispatchedInVain({ snapshot, course }: RunState, reply: Reply): boolean {
  if (snapshot.routing?.policy !== "per-turn" || course === undefined) return false;
  const { simple } = snapshot.routing.models;
  if (course.wanted !== simple || simple === snapshot.model) return false;
  if (reply.stopReason === "pause_turn" || reply.stopReason === INTERRUPTED) return false;
  return reply.stopReason !== "tool_use" || reply.toolCalls.length === 0;
}

export function awaitsVerdict(
  { snapshot, course, headTokens }: RunState,
  callsMax: number,
): boolean {
  const isAsked = snapshot.routing?.policy === "by-classifier" && headTokens === 0;
  return isAsked && course?.verdict === undefined && callsMax >= CALLS_MIN;
}

/** In brackets, so that a task which speaks to the classifier is still seen to be a task. */
export function excerptOf(task: string): string {
  return `<task>\n${fittingText(task, EXCERPT_BYTES_MAX, "…")}\n</task>`;
}

/** Null for anything but the JSON that was asked for. */
export function verdictIn(text: string): Verdict | null {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said !== "object" || said === null || !("tier" in said)) return null;
    const tier = ORDER.find((known) => known === said.tier);
    const why = "reason" in said && typeof said.reason === "string" ? said.reason : "";
    return tier === undefined ? null : { tier, why: fittingText(why, WHY_BYTES_MAX, "…") };
  } catch {
    return null;
  }
}

export function modelsFor(own: string): Readonly<Record<Tier, string>> {
  return { ...TIERS, medium: own };
}
