// What the run has used: the slice of its memory that its limits are checked against.

import type { Denial, Reply } from "../call.ts";
import { RUN_LIMITS } from "../limit-table.ts";
import type { Limits, Used } from "../limits.ts";
import type { Limit } from "../outcome.ts";
import { isAside } from "../purpose.ts";
import { addUsage, NO_USAGE, totalTokens } from "../usage.ts";
import type { RunFact } from "./facts.ts";
import { costCapNow, withMore } from "./own-cap.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Counts, Memory, RunState } from "./state.ts";
import { isInterrupted, stoppedIt } from "./interrupts.ts";
import { isUnfit } from "./models.ts";

export function newCounts({ limits, operatorCapMicroUsd }: Snapshot): Counts {
  return {
    turn: 0,
    attempts: 0,
    toolCalls: 0,
    usage: NO_USAGE,
    estimated: [],
    spentMicroUsd: 0,
    crashTaxMicroUsd: 0,
    lastReply: null,
    costCapMicroUsd: limits.costMicroUsd,
    failure: null,
    operatorCapMicroUsd,
    addedMicroUsd: 0,
    extensions: 0,
    models: {},
    offlineReplies: 0,
    freeReplies: 0,
  };
}

export function foldCounts(counts: Counts, fact: RunFact, before: RunState): Counts {
  switch (fact.kind) {
    case "asked":
      return { ...counts, turn: fact.call.turn };
    case "replied":
      return withReply(counts, fact);
    case "denied":
      return withoutReply(
        failing(taxed(withOperatorCap(counts, fact), fact.crashTaxMicroUsd), fact),
        before,
      );
    case "interrupted":
    case "unserved":
      return withoutReply(taxed(counts, fact.crashTaxMicroUsd), before);
    case "failed":
      return isNoTurn(before, fact.code) ? withoutReply(counts, before) : counts;
    case "resumed":
      return resumed(counts, fact, before);
    default:
      if (takesTurnBack(fact, before)) return { ...counts, turn: counts.turn - 1 };
      return beginsTool(fact, before) ? { ...counts, toolCalls: counts.toolCalls + 1 } : counts;
  }
}

function resumed(
  counts: Counts,
  { addMicroUsd = 0 }: Extract<RunFact, { kind: "resumed" }>,
  before: RunState,
): Counts {
  const extensions = counts.extensions + (isAtOwnCount(before) ? 1 : 0);
  return { ...withMore(counts, addMicroUsd), extensions };
}

function withOperatorCap(counts: Counts, { operatorCapMicroUsd }: Denial): Counts {
  return operatorCapMicroUsd === undefined ? counts : { ...counts, operatorCapMicroUsd };
}

/** Of a call that had failed: it was stopped, or it met a spend limit of the provider, which parks the run. */
function takesTurnBack(fact: RunFact, before: RunState): boolean {
  if (fact.kind === "said") return stoppedIt(before, fact);
  return fact.kind === "waits" && isFailed(before);
}

/** Of an inline tool the end is all that is heard. */
function beginsTool(fact: RunFact, { phase }: RunState): boolean {
  const isOfTool =
    fact.kind === "toolBegan" ||
    fact.kind === "toolEnded" ||
    fact.kind === "toolLost" ||
    fact.kind === "toolAsked";
  if (!isOfTool || phase.kind !== "answering") return false;
  const call = phase.calls.find(({ callId }) => callId === fact.callId);
  // One that goes on with answers was counted when it asked.
  return call?.kind === "cleared" && call.heard === undefined;
}

function withReply(counts: Counts, reply: Reply): Counts {
  return {
    ...taxed(counts, reply.crashTaxMicroUsd),
    attempts: counts.attempts + reply.attempts,
    usage: addUsage(counts.usage, reply.usage),
    estimated: withEstimate(counts.estimated, reply),
    spentMicroUsd: counts.spentMicroUsd + reply.costMicroUsd + reply.crashTaxMicroUsd,
    lastReply: { model: reply.model, costMicroUsd: reply.costMicroUsd },
    costCapMicroUsd: reply.costCapMicroUsd,
    failure: null,
    models: { ...counts.models, [reply.model]: repliesOf(counts, reply.model) + 1 },
    offlineReplies: counts.offlineReplies + (reply.offline ? 1 : 0),
    freeReplies: counts.freeReplies + (reply.free === true ? 1 : 0),
  };
}

function withEstimate(known: Counts["estimated"], { estimated }: Reply): Counts["estimated"] {
  return estimated === undefined || known.includes(estimated) ? known : [...known, estimated];
}

/** A name from outside may be one that every object knows. */
function repliesOf({ models }: Counts, model: string): number {
  return Object.hasOwn(models, model) ? (models[model] ?? 0) : 0;
}

function failing(counts: Counts, { failure }: Denial): Counts {
  return failure === undefined ? counts : { ...counts, failure };
}

/** Lost attempts cost, whatever comes of their call. */
function taxed(counts: Counts, microUsd: number): Counts {
  return {
    ...counts,
    spentMicroUsd: counts.spentMicroUsd + microUsd,
    crashTaxMicroUsd: counts.crashTaxMicroUsd + microUsd,
  };
}

/** A call without a reply is no turn; an aside is one, whatever comes of it. */
function withoutReply(counts: Counts, { phase }: RunState): Counts {
  const isCall = phase.kind === "asking" || phase.kind === "inLane";
  if (!isCall || isAside(phase.call.purpose)) return counts;
  return { ...counts, turn: counts.turn - 1 };
}

/** Whether the run was called off does not count: that may be folded before or after. */
function isNoTurn(before: RunState, code: string): boolean {
  const { phase } = before;
  if (phase.kind !== "asking") return false;
  const { lane, purpose } = phase.call;
  return (
    lane === "batch" ||
    purpose.kind === "wrap_up" ||
    isUnfit(phase.call, code) ||
    isInterrupted(before)
  );
}

function isFailed({ phase }: RunState): boolean {
  return phase.kind === "ready" && phase.since.kind === "failed";
}

const EXTENDED: readonly (Limit | null)[] = RUN_LIMITS.map(({ limit }) => limit);

/** Money is not theirs to extend who let a run go on, nor is what others share. */
function isAtOwnCount({ phase }: RunState): boolean {
  if (phase.kind !== "ready") return false;
  // A timer that rings in the same task may be folded before.
  if (phase.since.kind === "waited") return EXTENDED.includes(phase.since.limit);
  return phase.since.kind === "waits" && EXTENDED.includes(phase.since.wait.limit);
}

export function modelCallsOf({ models }: Counts): number {
  return Object.values(models).reduce((sum, count) => sum + count, 0);
}

export function used({ counts }: Memory): Used {
  return {
    costMicroUsd: counts.spentMicroUsd,
    tokens: totalTokens(counts.usage),
    modelCalls: modelCallsOf(counts),
    toolCalls: counts.toolCalls,
  };
}

/** The limits as they stand now: the cost cap as the worker last saw it, counts with extensions. */
export function limitsNow(memory: Memory): Limits {
  const { limits } = memory.snapshot;
  const { counts } = memory;
  const shares = 1 + counts.extensions;
  const extended = RUN_LIMITS.map(({ field }) => [field, limits[field] * shares]);
  return { ...limits, costMicroUsd: costCapNow(memory), ...Object.fromEntries(extended) };
}
