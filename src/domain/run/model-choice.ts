// Which model the next call of a run goes to: the one that it wants, or the next of its chain while that
// takes no calls, or has refused. Decided from what is recorded, and told once.

import type { CallCourse, Entry, ModelChange } from "../call.ts";
import { costOf } from "../pricing.ts";
import { NO_USAGE } from "../usage.ts";
import { candidates, isBound } from "./handed-on.ts";
import { awayOf, FOR_GOOD_MS, untilMsOf } from "./models.ts";
import { wantedModel, type Wanted } from "./routing.ts";
import type { Memory, Models, RunState } from "./state.ts";

export interface Choosing {
  readonly nowMs: number;
  /** The model that has just been left: whatever the clocks say, it is not asked again at once. */
  readonly left: string | null;
}

/** `told`: what the model will read that is new; null of calls that sum up. */
export function courseOf(
  memory: Memory,
  told: readonly Entry[] | null,
  choosing: Choosing,
): CallCourse {
  const wanted = wantedModel(memory, told);
  const model = nextModel(memory, wanted.model, choosing);
  const { authors } = memory.models;
  const { weighedBy } = memory.talk;
  const change = changeTo(memory, model, wanted);
  // Where nobody else will ever be asked, every attempt is worth making.
  const attemptsMax = hasOther(memory, model, wanted.model)
    ? memory.snapshot.fallbacks?.attemptsMax
    : undefined;
  return {
    model,
    wanted: wanted.model,
    why: wanted.why,
    ...(change === null ? {} : { change }),
    ...(authors.some((author) => author.model !== model) ? { authors } : {}),
    ...(weighedBy === model ? {} : { weighedBy }),
    ...(attemptsMax === undefined ? {} : { attemptsMax }),
  };
}

/** When the next in line may be asked, in ms of the epoch (0: now); null where nobody can be. */
export function nextFreeMs(memory: Memory, choosing: Choosing): number | null {
  const { models } = memory;
  const model = nextModel(memory, models.last.wanted, choosing);
  const untilMs = untilMsOf(models, model);
  if (untilMs === FOR_GOOD_MS) return null;
  if (model === choosing.left) return Math.max(untilMs, choosing.nowMs + 1);
  return untilMs <= choosing.nowMs ? 0 : untilMs;
}

/** The model that the newest denial, or rejection, says can't serve. */
export function leftBy({ phase, memory }: RunState): string | null {
  if (phase.kind !== "ready" || memory === null) return null;
  const { since } = phase;
  const isLeft = since.kind === "unfit" || (since.kind === "denied" && since.elsewhere);
  return isLeft ? memory.models.last.model : null;
}

function hasOther(memory: Memory, model: string, wanted: string): boolean {
  if (isBound(memory)) return false;
  const others = candidates(memory.snapshot, memory.models, wanted).filter(
    (name) => name !== model,
  );
  return others.some((name) => untilMsOf(memory.models, name) < FOR_GOOD_MS);
}

function nextModel(memory: Memory, wanted: string, { nowMs, left }: Choosing): string {
  const { snapshot, models } = memory;
  if (isBound(memory)) return models.boundTo ?? models.last.model;
  const able = candidates(snapshot, models, wanted);
  const isFree = (model: string): boolean => model !== left && untilMsOf(models, model) <= nowMs;
  const standIn = models.standIns[wanted] ?? wanted;
  const stays = standIn !== wanted && able.includes(standIn) && isFree(standIn);
  if (stays && !returnPays(memory, wanted, nowMs)) return standIn;
  const soonest = able.toSorted((a, b) => untilMsOf(models, a) - untilMsOf(models, b));
  return able.find(isFree) ?? soonest[0] ?? models.last.model;
}

/**
 * A stand-in that costs no more is no saving that anybody asked for: the run goes back when it may. A
 * dearer one is left once it has cost so much more as the return does, which is to write the prompt
 * to the other cache: so at worst twice is paid of what the better of both would have cost.
 */
function returnPays(memory: Memory, wanted: string, nowMs: number): boolean {
  const { refused, extraMicroUsd } = memory.models;
  if (refused.includes(wanted)) return false;
  if ((awayOf(memory.models, wanted)?.returnAtMs ?? 0) > nowMs) return false;
  return extraMicroUsd <= 0 || extraMicroUsd >= costOfReturn(memory, wanted);
}

function costOfReturn({ snapshot, talk: { headTokens } }: Memory, model: string): number {
  const price = snapshot.fallbacks?.prices[model];
  if (price === undefined) return 0;
  const anew = costOf({ ...NO_USAGE, cacheWrite5mTokens: headTokens }, price);
  return anew - costOf({ ...NO_USAGE, cacheReadTokens: headTokens }, price);
}

/** Null where there is nothing to tell: the same model as before, for the same reason. */
function changeTo({ models }: Memory, model: string, wanted: Wanted): ModelChange | null {
  const { last, refused } = models;
  const from = last.model;
  const isRouted = model === wanted.model && wanted.why !== last.why;
  if (model === from) return isRouted ? { from, reason: "routed", message: wanted.why } : null;
  if (last.inVain && !refused.includes(from)) {
    return { from, reason: "answers", message: `${from} had no tool to call` };
  }
  const isWell = awayOf(models, from) === undefined && !refused.includes(from);
  const wasStandIn = from !== last.wanted;
  return isWell && wanted.why !== "" && !wasStandIn
    ? { from, reason: "routed", message: wanted.why }
    : whyLeft(models, model);
}

function whyLeft(models: Models, model: string): ModelChange {
  const from = models.last.model;
  if (models.refused.includes(from)) {
    return { from, reason: "refused", message: `${from} refused the task` };
  }
  const away = awayOf(models, from);
  if (away !== undefined) return { from, reason: away.reason, message: away.message };
  return { from, reason: "returned", message: `${model} is asked again` };
}
