// Which models the run has been with: who wrote its replies, who is away, who refused. A slice of its memory;
// who is asked next is decided from it (model-choice.ts).
//
//   F1. A run changes its model only where none of its replies must go back to the model that wrote it.
//   F2. A reply that is handed on (a refusal; a small model's that called no tool) is no part of the transcript.
//   F3. A stand-in that can't serve the run (too dear, too small, rejected) ends nothing: it is passed over.

import { isBinding, type Author } from "../authors.ts";
import type { Denial, ModelCall, Reply } from "../call.ts";
import { textOf } from "../message.ts";
import { costOf } from "../pricing.ts";
import { isAside } from "../purpose.ts";
import { promptTokens } from "../usage.ts";
import type { RunFact } from "./facts.ts";
import { isHandedOn } from "./handed-on.ts";
import { fateOfCalls } from "./reply-calls.ts";
import { choiceAfter, choiceIn, medium, openingChoice } from "./routing.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Away, Memory, Models, RunState, TierChoice } from "./state.ts";
import { makesRoom, whyNoSummary } from "./summary.ts";

/** What was away a moment ago may be away again, and each change writes the prompt to another cache. */
const RETURN_AFTER_MS = 60_000;
const RETURN_AFTER_MS_MAX = 900_000;
/** Whatever the clocks say, nobody is asked again at once. */
const AWAY_MS_MIN = 200;
export const FOR_GOOD_MS = Number.MAX_SAFE_INTEGER;
/** What one model takes for wrong, another may take. */
const REJECTIONS: readonly string[] = ["PROVIDER_REJECTED", "IMAGE_TOO_LARGE"];

export function newModels({ model, routing }: Snapshot): Models {
  return {
    choice: openingChoice(routing),
    last: { model, wanted: model, why: "", inVain: false },
    toolTurns: 0,
    authors: [],
    away: [],
    refused: [],
    boundTo: null,
    standIns: {},
    extraMicroUsd: 0,
  };
}

export function foldModels(models: Models, fact: RunFact, { phase, memory }: RunState): Models {
  if (memory === null) return models;
  if (fact.kind === "asked")
    return isAside(fact.call.purpose) ? models : withCall(models, fact.call);
  if (phase.kind !== "asking" && phase.kind !== "inLane") return models;
  const { call } = phase;
  if (call.purpose.kind === "route") return { ...models, choice: chosen(models.choice, fact) };
  if (isAside(call.purpose)) return models;
  if (fact.kind === "replied") return withReply(models, fact, { memory, call });
  const left = leftFor(fact, memory, call);
  return left === null ? models : withAway(models, call, left);
}

/** Why the model that was asked is left for another. */
function leftFor(fact: RunFact, memory: Memory, call: ModelCall): Left | null {
  if (fact.kind === "failed") {
    const { code, message } = fact;
    return isUnfit(call, code) ? { at: "", message, reason: "unfit" } : null;
  }
  if (fact.kind !== "denied" || makesRoom(memory, fact, call)) return null;
  const reason = awayReason(call, fact);
  return reason === null ? null : { ...fact, reason };
}

function chosen(choice: Models["choice"], fact: RunFact): Models["choice"] {
  switch (fact.kind) {
    case "replied":
      return choiceIn(textOf(fact.message));
    case "denied":
      return medium(fact.message);
    case "failed":
      return medium("the classifier failed");
    case "interrupted":
      return medium("the classifier was stopped");
    default:
      return choice;
  }
}

function withCall(models: Models, { course: { model, wanted, why } }: ModelCall): Models {
  return {
    ...models,
    last: { model, wanted, why, inVain: models.last.inVain },
    standIns: { ...models.standIns, [wanted]: model },
  };
}

interface Replied {
  readonly memory: Memory;
  readonly call: ModelCall;
}

function withReply(models: Models, reply: Reply, { memory, call }: Replied): Models {
  if (isHandedOn(memory, call, reply))
    return handedOn(noted(models, reply, { memory, call }), reply, call);
  if (call.purpose.kind !== "summary") {
    const choice = grownChoice(memory, reply);
    return { ...written(noted(models, reply, { memory, call }), reply, call), choice };
  }
  if (whyNoSummary(memory.summaries, reply) !== null) return models;
  return { ...models, authors: authorsOfBranch(models, memory, call) };
}

function grownChoice(memory: Memory, { usage }: Reply): TierChoice | null {
  return choiceAfter(memory, promptTokens(usage) + usage.outputTokens);
}

/** Whoever replies is back, and what a stand-in costs more is added up while it serves. */
function noted(models: Models, reply: Reply, { memory, call }: Replied): Models {
  const { model, wanted } = call.course;
  const price = memory.snapshot.fallbacks?.prices[wanted];
  const wouldCost = price === undefined ? reply.costMicroUsd : costOf(reply.usage, price);
  return {
    ...models,
    away: models.away.filter((away) => away.model !== model),
    extraMicroUsd: model === wanted ? 0 : models.extraMicroUsd + reply.costMicroUsd - wouldCost,
  };
}

function handedOn(models: Models, { stopReason }: Reply, { course }: ModelCall): Models {
  const isRefused = stopReason === "refusal";
  return {
    ...models,
    last: { ...models.last, inVain: true },
    toolTurns: 0,
    refused: isRefused ? [...models.refused, course.model] : models.refused,
  };
}

function written(models: Models, reply: Reply, { course: { model } }: ModelCall): Models {
  const { message } = reply;
  const hasCalls = fateOfCalls(reply) === "due";
  const isEmpty = message.content.length === 0;
  return {
    ...models,
    last: { ...models.last, inVain: false },
    toolTurns: hasCalls ? models.toolTurns + 1 : 0,
    authors: isEmpty ? models.authors : withAuthor(models.authors, model),
    boundTo: !isEmpty && isBinding(message) ? model : models.boundTo,
  };
}

function withAuthor(authors: readonly Author[], model: string): readonly Author[] {
  const last = authors.at(-1);
  return last?.model === model
    ? [...authors.slice(0, -1), { model, replies: last.replies + 1 }]
    : [...authors, { model, replies: 1 }];
}

/** The branch holds the summary, and behind it the reply whose calls are open. */
function authorsOfBranch(
  { authors }: Models,
  { talk }: Memory,
  { course }: ModelCall,
): readonly Author[] {
  const own = withAuthor([], course.model);
  const asking = authors.at(-1);
  return talk.asking === null || asking === undefined ? own : withAuthor(own, asking.model);
}

/** Null where the denial holds for every model alike. */
export function awayReason(call: ModelCall, denial: Denial): Away["reason"] | null {
  if (denial.why === "down" || denial.why === "overloaded" || denial.why === "retired")
    return denial.why;
  // What the wanted model is denied is denied; a stand-in may only be too dear, or its window too small.
  const isStandIn = call.course.model !== call.course.wanted;
  const isOwn =
    denial.why === "cap" || (denial.why === "size" && denial.limit === "request_tokens");
  return isStandIn && isOwn ? "unfit" : null;
}

/** What a stand-in takes for wrong, the model that is wanted may take. */
export function isUnfit({ course, purpose }: ModelCall, code: string): boolean {
  const isStandIn = course.model !== course.wanted;
  return isStandIn && !isAside(purpose) && REJECTIONS.includes(code);
}

interface Left {
  readonly at: string;
  readonly message: string;
  readonly reason: Away["reason"];
  readonly notBefore?: string;
}

function withAway(models: Models, { course: { model } }: ModelCall, left: Left): Models {
  const { reason, message } = left;
  const times = (awayOf(models, model)?.times ?? 0) + 1;
  const atMs = Date.parse(left.at);
  const isForGood = reason === "unfit" || reason === "retired";
  const untilMs = isForGood
    ? FOR_GOOD_MS
    : Math.max(msOf(left.notBefore, atMs), atMs + AWAY_MS_MIN);
  const returnInMs = Math.min(RETURN_AFTER_MS * 2 ** (times - 1), RETURN_AFTER_MS_MAX);
  const returnAtMs = isForGood ? FOR_GOOD_MS : Math.max(untilMs, atMs + returnInMs);
  const away: Away = { model, reason, message, untilMs, returnAtMs, times };
  return { ...models, away: [...models.away.filter((other) => other.model !== model), away] };
}

function msOf(iso: string | undefined, otherwiseMs: number): number {
  const ms = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isNaN(ms) ? otherwiseMs : ms;
}

export function awayOf({ away }: Models, model: string): Away | undefined {
  return away.find((entry) => entry.model === model);
}

export function untilMsOf(models: Models, model: string): number {
  return awayOf(models, model)?.untilMs ?? 0;
}
