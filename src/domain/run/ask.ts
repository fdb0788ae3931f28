// The next call of a model, for each purpose: what it may use, what it must be warned of, what is new.

import type { Entry, Lane, ModelCall } from "../call.ts";
import { readText } from "../hidden-letters.ts";
import { warningNote, type LimitHit } from "../limits.ts";
import { systemNote, userMessage } from "../message.ts";
import { traitsOf, type Purpose } from "../purpose.ts";
import { wrapUpNote } from "./wrap-up.ts";
import { limitsNow, used } from "./counts.ts";
import { takesInputAsIs } from "./flagged.ts";
import { hear } from "./mail.ts";
import { courseOf, leftBy } from "./model-choice.ts";
import { payerOf, type Order } from "./order.ts";
import { costCapOf } from "./own-cap.ts";
import { excerptOf } from "./routing.ts";
import type { Memory, RunState } from "./state.ts";
import { isSummaryDue, maySumUp, needsToolsOff, summaryQuestion } from "./summary.ts";
import { hasTimeForBatch } from "./waits.ts";
import { dueWarnings, untoldWarnings } from "./warnings.ts";

/** What a step of a run is decided from. */
export interface Circumstances {
  readonly order: Order;
  readonly state: RunState;
  readonly memory: Memory;
  readonly nowMs: number;
}

export function askWork(now: Circumstances): ModelCall {
  const { memory, state } = now;
  const open = openEntries(memory);
  const heard = mayHear(memory) ? hear(state.mail, open, takesInputAsIs(memory)) : [];
  const told = [...open, ...heard];
  return callFor(now, { purpose: { kind: "work" }, told, note: budgetNote(memory, told) });
}

/** Null where the conversation need not, or can't, be summed up. */
export function askSummary(now: Circumstances): ModelCall | null {
  const { memory } = now;
  if (!isSummaryDue(memory)) return null;
  const { shortened } = memory.summaries;
  const purpose = { kind: "summary", toolsOff: needsToolsOff(memory.summaries) } as const;
  const told = summaryQuestion(memory);
  if (shortened === 0) return callFor(now, { purpose, told });
  // What the whole weighs says nothing of a part.
  return { ...callFor(now, { purpose: { ...purpose, shortened }, told }), headTokens: 0 };
}

/** That the tools are off it will find out where no note may follow. */
export function askLastWords(now: Circumstances, stop: LimitHit): ModelCall {
  const told = openEntries(now.memory);
  const note = told.length === 0 ? [] : [{ message: systemNote(wrapUpNote(stop.limit)) }];
  return callFor(now, { purpose: { kind: "wrap_up", stop }, told, note });
}

/** A small model judges the task: a turn and a charge of its own, and no part of the transcript. */
export function askTier(now: Circumstances): ModelCall {
  const { order, memory } = now;
  const { snapshot } = memory;
  const model = snapshot.routing?.models.simple ?? snapshot.model;
  const told = [{ message: userMessage(excerptOf(readText(order.task))) }];
  const call = callFor(now, { purpose: { kind: "route" }, told });
  const { cacheTtl: _, ...rest } = call;
  return { ...rest, warnings: [], course: { model, wanted: model, why: "" } };
}

export interface Question {
  readonly purpose: Purpose;
  readonly told: readonly Entry[];
  /** Ours, behind all else. */
  readonly note?: readonly Entry[];
}

export function callFor(now: Circumstances, { purpose, told, note = [] }: Question): ModelCall {
  const { order, memory, state, nowMs } = now;
  const { counts, summaries, talk } = memory;
  const course = courseOf(memory, purpose.kind === "work" ? told : null, {
    nowMs,
    left: leftBy(state),
  });
  return {
    turn: counts.turn + 1,
    purpose,
    lane: laneFor(now, purpose),
    payer: payerOf(order),
    head: talk.head,
    headTokens: purpose.kind === "route" ? 0 : talk.headTokens,
    entries: [...told, ...note],
    course,
    budget: {
      costCapMicroUsd: costCapOf(order, memory),
      spentMicroUsd: counts.spentMicroUsd,
      lastReplyMicroUsd: lastReplyMicroUsd(counts, course.model),
      tokensLeft: limitsNow(memory).tokens - used(memory).tokens,
      keepsFor: keepsFor(memory, purpose),
      ...(summaries.contextTokens !== null && { contextTokens: summaries.contextTokens }),
    },
    warnings: dueWarnings(memory),
    // Nothing is asked behind the last words.
    ...(purpose.kind === "wrap_up" ? {} : cacheOf(now)),
  };
}

/** What one model asks for a prompt says nothing of another. */
function lastReplyMicroUsd({ lastReply }: Memory["counts"], model: string): number | null {
  return lastReply?.model === model ? lastReply.costMicroUsd : null;
}

/** A run that stops has no time left to wait, nor is the choice of a tier worth waiting for. */
function laneFor({ memory: { snapshot }, state, nowMs }: Circumstances, purpose: Purpose): Lane {
  const { phase } = state;
  const { batchLane } = snapshot;
  const isLive = phase.kind === "ready" && phase.since.kind === "unserved" && phase.since.live;
  if (batchLane === undefined || isLive || traitsOf(purpose).isLiveOnly) return "live";
  return hasTimeForBatch(batchLane, snapshot, state, nowMs) ? "batch" : "live";
}

function keepsFor(memory: Memory, { kind }: Purpose): ModelCall["budget"]["keepsFor"] {
  const isStep = kind === "work";
  return [
    ...(memory.snapshot.wrapUp && (isStep || kind === "summary") ? (["wrap_up"] as const) : []),
    ...(isStep && maySumUp(memory) ? (["summary"] as const) : []),
  ];
}

/** An hour costs more to write, and is worth it where a person may take that long to answer. */
function cacheOf({ memory: { snapshot }, state }: Circumstances): Pick<ModelCall, "cacheTtl"> {
  const { cacheTtl } = snapshot;
  const isLong = cacheTtl === "1h" || (cacheTtl === "auto" && state.waitedForPerson);
  return isLong ? { cacheTtl: "1h" } : {};
}

/** What is new, or a nudge. After a note of ours the API lets only the model speak: there the same is asked again. */
export function openEntries({ talk }: Memory): readonly Entry[] {
  const { entries, trouble, endsWithNote } = talk;
  if (entries.length > 0 || endsWithNote) return entries;
  if (trouble?.kind === "empty") return [{ message: userMessage("Please continue.") }];
  if (trouble?.kind !== "cut") return entries;
  return [{ message: userMessage("Continue exactly where you stopped.") }];
}

/** Not where the transcript ends with what only the model may go on from: a note of ours, a paused turn. */
function mayHear({ talk }: Memory): boolean {
  return !talk.endsWithNote && talk.trouble?.kind !== "paused";
}

/** A note may only follow what a user or a tool said; a call that was denied told the model nothing. */
function budgetNote(memory: Memory, told: readonly Entry[]): readonly Entry[] {
  const untold = untoldWarnings(memory);
  if (untold.length === 0 || told.length === 0) return [];
  return [{ message: systemNote(warningNote(untold)) }];
}
