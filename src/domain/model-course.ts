// Which model the next call of a run goes to: the one that it wants, or the next of its chain while that
// takes no calls, or has refused. Decided in the workflow from what is recorded, and told once.
//
//   F1. A run changes its model only where none of its replies must go back to the model that wrote it.
//   F2. A reply that is handed on (a refusal; a small model's that called no tool) is no part of the transcript.
//   F3. A stand-in that can't serve the run (too dear, too small, rejected) ends nothing: it is passed over.

import { isBinding, type Author } from "./authors.ts";
import type { Price } from "./prices.ts";
import { costOf } from "./pricing.ts";
import {
  isDispatchedInVain,
  openingVerdict,
  route,
  verdictAfter,
  type Verdict,
} from "./routing.ts";
import type { CallCourse, Denial, ModelChange, Reply } from "./call.ts";
import type { Snapshot } from "./run.ts";
import type { RunState } from "./run-state.ts";
import { NO_USAGE, promptTokens } from "./usage.ts";

/** Pinned when the run begins; absent where it has no stand-ins. */
export interface Fallbacks {
  /** By the model that is wanted: who stands in for it, the first that takes calls. */
  readonly chains: Readonly<Record<string, readonly string[]>>;
  /** Attempts at a model that is overloaded or away, while another can be asked. */
  readonly attemptsMax: number;
  /** As the run began: they only weigh whether a return pays, and charge nothing. */
  readonly prices: Readonly<Record<string, Price>>;
}

export interface Course {
  readonly wanted: string;
  /** Why it is wanted; told once. */
  readonly why?: string;
  /** The tier that the run was given to. */
  readonly verdict?: Verdict;
  /** Of the newest reply, where it is to be followed by the answers of tools alone. */
  readonly callsOpen?: number;
  /** Replies in a row that called tools. */
  readonly toolTurns?: number;
  /** The newest reply is none of the conversation: another model is asked the same. */
  readonly handedOn?: boolean;
  /** The model that was asked last. */
  readonly model: string;
  /** Who wrote the replies of the transcript, from the first to the last. */
  readonly authors: readonly Author[];
  /** The model by whose count `headTokens` is. */
  readonly weighedBy: string;
  readonly away: readonly Away[];
  /** They refused this conversation, and are not asked about it again. */
  readonly refused: readonly string[];
  /** A reply of its can't be read by another. */
  readonly boundTo: string | null;
  /** By the model that was wanted: who serves instead. */
  readonly standIns: Readonly<Record<string, string>>;
  /** What stand-ins cost more than the wanted model would have, since it left; below 0 where less. */
  readonly extraMicroUsd: number;
}

/** What a stand-in can't do, another may. */
export interface Unfit {
  readonly kind: "denied";
  readonly why: "unfit";
  readonly message: string;
  readonly crashTaxMicroUsd: number;
}

interface Away {
  readonly model: string;
  readonly reason: "down" | "overloaded" | "unfit";
  readonly message: string;
  readonly untilMs: number;
  /** While another serves, it is not tried before. */
  readonly returnAtMs: number;
  readonly times: number;
}

/** What was away a moment ago may be away again, and each change writes the prompt to another cache. */
const RETURN_AFTER_MS = 60_000;
const RETURN_AFTER_MS_MAX = 900_000;
/** Whatever the clocks say, nobody is asked again at once. */
const AWAY_MS_MIN = 200;
const FOR_GOOD_MS = Number.MAX_SAFE_INTEGER;

export function openCourse({ model, fallbacks, routing }: Snapshot): Course | null {
  if (fallbacks === undefined && routing === undefined) return null;
  const verdict = routing === undefined ? null : openingVerdict(routing);
  return {
    ...(verdict !== null && { verdict }),
    wanted: model,
    model,
    authors: [],
    weighedBy: model,
    away: [],
    refused: [],
    boundTo: null,
    standIns: {},
    extraMicroUsd: 0,
  };
}

/** Sets the run on the model that its next call goes to. */
export function callCourse(
  state: RunState,
  { nowMs, sumsUp }: { readonly nowMs: number; readonly sumsUp: boolean },
): CallCourse {
  const before = state.course;
  if (before === undefined) {
    const { model } = state.snapshot;
    return { model, wanted: model, why: "" };
  }
  const { model: wanted, why } = route(state, sumsUp);
  const course = { ...before, wanted, why };
  const model = nextModel(state, course, nowMs);
  const change = changeTo(model, course, before);
  const { authors, weighedBy, standIns } = course;
  state.course = { ...course, model, standIns: { ...standIns, [wanted]: model } };
  const attemptsMax = hasOther(state) ? state.snapshot.fallbacks?.attemptsMax : undefined;
  return {
    model,
    wanted,
    why,
    ...(change !== null && { change }),
    ...(authors.some((author) => author.model !== model) && { authors }),
    ...(weighedBy !== model && { weighedBy }),
    ...(attemptsMax !== undefined && { attemptsMax }),
  };
}

/** Where nobody else will ever be asked, every attempt is worth making. */
function hasOther(state: RunState): boolean {
  const { course } = state;
  if (course === undefined || isBound(state)) return false;
  const others = candidates(state, course).filter((model) => model !== course.model);
  return others.some((model) => untilMsOf(course, model) < FOR_GOOD_MS);
}

function isBound({ course, stumble }: RunState): boolean {
  return course?.boundTo != null || stumble?.over === "provider_pause";
}

/** Null where there is nothing to tell: the same model as before, for the same reason. */
function changeTo(model: string, course: Course, before: Course): ModelChange | null {
  const from = before.model;
  const isRouted = model === course.wanted && (course.why ?? "") !== (before.why ?? "");
  if (model === from)
    return isRouted ? { from, reason: "routed", message: course.why ?? "" } : null;
  if (before.handedOn === true && !before.refused.includes(from)) {
    return { from, reason: "answers", message: `${from} had no tool to call` };
  }
  const isWell = awayOf(course, from) === undefined && !before.refused.includes(from);
  const wasStandIn = from !== before.wanted;
  return isWell && course.why !== "" && !wasStandIn
    ? { from, reason: "routed", message: course.why ?? "" }
    : whyLeft(course, model);
}

function whyLeft(course: Course, model: string): ModelChange {
  const from = course.model;
  if (course.refused.includes(from)) {
    return { from, reason: "refused", message: `${from} refused the task` };
  }
  const away = awayOf(course, from);
  if (away !== undefined) return { from, reason: away.reason, message: away.message };
  return { from, reason: "returned", message: `${model} is asked again` };
}

function nextModel(state: RunState, course: Course, nowMs: number): string {
  if (isBound(state)) return course.boundTo ?? course.model;
  const able = candidates(state, course);
  const isFree = (model: string): boolean => untilMsOf(course, model) <= nowMs;
  const standIn = course.standIns[course.wanted] ?? course.wanted;
  const stays = standIn !== course.wanted && able.includes(standIn) && isFree(standIn);
  if (stays && !returnPays(state, course, nowMs)) return standIn;
  const soonest = able.toSorted((a, b) => untilMsOf(course, a) - untilMsOf(course, b));
  return able.find(isFree) ?? soonest[0] ?? course.model;
}

function candidates({ snapshot }: RunState, { wanted, refused }: Course): readonly string[] {
  const chain = snapshot.fallbacks?.chains[wanted] ?? [];
  return [wanted, ...chain].filter((model) => !refused.includes(model));
}

/**
 * A stand-in that costs no more is no saving that anybody asked for: the run goes back when it may. A
 * dearer one is left once it has cost so much more as the return does, which is to write the prompt
 * to the other cache: so at worst twice is paid of what the better of both would have cost.
 */
function returnPays(state: RunState, course: Course, nowMs: number): boolean {
  const { wanted, refused, extraMicroUsd } = course;
  if (refused.includes(wanted)) return false;
  if ((awayOf(course, wanted)?.returnAtMs ?? 0) > nowMs) return false;
  return extraMicroUsd <= 0 || extraMicroUsd >= costOfReturn(state, wanted);
}

function costOfReturn({ snapshot, headTokens }: RunState, model: string): number {
  const price = snapshot.fallbacks?.prices[model];
  if (price === undefined) return 0;
  const anew = costOf({ ...NO_USAGE, cacheWrite5mTokens: headTokens }, price);
  return anew - costOf({ ...NO_USAGE, cacheReadTokens: headTokens }, price);
}

/**
 * A denial that says no more than that this model can't serve: when the next in line may be asked, in ms
 * of the epoch. Null where the denial holds for the whole chain.
 */
export function passOver(state: RunState, denial: Denial | Unfit, nowMs: number): number | null {
  const { course } = state;
  if (course === undefined) return null;
  const reason = reasonOf(course, denial);
  if (reason === null) return null;
  const { model } = course;
  const times = (awayOf(course, model)?.times ?? 0) + 1;
  const untilMs =
    reason === "unfit"
      ? FOR_GOOD_MS
      : Math.max(
          msOf("notBefore" in denial ? denial.notBefore : undefined, nowMs),
          nowMs + AWAY_MS_MIN,
        );
  const returnInMs = Math.min(RETURN_AFTER_MS * 2 ** (times - 1), RETURN_AFTER_MS_MAX);
  const returnAtMs = Math.max(untilMs, nowMs + returnInMs);
  const away = { model, reason, message: denial.message, untilMs, returnAtMs, times };
  state.course = { ...course, away: [...course.away.filter((a) => a.model !== model), away] };
  const next = untilMsOf(state.course, nextModel(state, state.course, nowMs));
  return next === FOR_GOOD_MS ? null : next;
}

/** What the wanted model is denied is denied; a stand-in may only be too dear, or its window too small. */
function reasonOf({ model, wanted }: Course, denial: Denial | Unfit): Away["reason"] | null {
  switch (denial.why) {
    case "down":
    case "overloaded":
    case "unfit":
      return denial.why;
    case "cap":
      return model === wanted ? null : "unfit";
    case "size":
      return model !== wanted && denial.limit === "request_tokens" ? "unfit" : null;
    case "holds":
    case "in_line":
    case "rate_limited":
      return null;
  }
}

function msOf(iso: string | undefined, nowMs: number): number {
  const ms = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isNaN(ms) ? nowMs : ms;
}

/** True where another model is to be asked the same: after a refusal, or a reply that was to call tools. */
export function isHandedOn(state: RunState, reply: Reply): boolean {
  const { course } = state;
  if (course === undefined || isBound(state)) return false;
  if (isDispatchedInVain(state, reply)) return true;
  if (reply.stopReason !== "refusal") return false;
  return candidates(state, course).some((model) => model !== course.model);
}

/** True once it is: the next call goes to another. */
export function wasHandedOn({ course }: RunState): boolean {
  return course?.handedOn ?? false;
}

export function isStandIn({ course }: RunState): boolean {
  return course !== undefined && course.model !== course.wanted;
}

/** What a reply says of its model. */
export function noteModel(state: RunState, reply: Reply): void {
  const { course } = state;
  if (course === undefined) return;
  const { model, wanted } = course;
  const price = state.snapshot.fallbacks?.prices[wanted];
  const wouldCost = price === undefined ? reply.costMicroUsd : costOf(reply.usage, price);
  const noted = {
    ...course,
    away: course.away.filter((away) => away.model !== model),
    extraMicroUsd: isStandIn(state) ? course.extraMicroUsd + reply.costMicroUsd - wouldCost : 0,
  };
  const isRefused = reply.stopReason === "refusal";
  state.course = isHandedOn(state, reply)
    ? { ...noted, ...handedOn(course, isRefused) }
    : { ...noted, ...written(course, reply), ...grown(state, reply) };
}

function handedOn({ refused, model }: Course, isRefused: boolean): Partial<Course> {
  return {
    handedOn: true,
    callsOpen: 0,
    toolTurns: 0,
    ...(isRefused && { refused: [...refused, model] }),
  };
}

function grown(state: RunState, { usage }: Reply): Partial<Course> {
  const verdict = verdictAfter(state, promptTokens(usage) + usage.outputTokens);
  return verdict === undefined ? {} : { verdict };
}

function written(course: Course, { message, stopReason, toolCalls }: Reply): Partial<Course> {
  const { model, authors } = course;
  const callsOpen = stopReason === "tool_use" ? toolCalls.length : 0;
  const toolTurns = callsOpen === 0 ? 0 : (course.toolTurns ?? 0) + 1;
  const facts = { weighedBy: model, handedOn: false, callsOpen, toolTurns };
  if (message.content.length === 0) return facts;
  const last = authors.at(-1);
  return {
    ...facts,
    authors:
      last?.model === model
        ? [...authors.slice(0, -1), { model, replies: last.replies + 1 }]
        : [...authors, { model, replies: 1 }],
    ...(isBinding(message) ? { boundTo: model } : {}),
  };
}

function awayOf({ away }: Course, model: string): Away | undefined {
  return away.find((entry) => entry.model === model);
}

function untilMsOf(course: Course, model: string): number {
  return awayOf(course, model)?.untilMs ?? 0;
}
