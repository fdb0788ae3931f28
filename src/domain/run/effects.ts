// What a run has changed in the world and may have to take back. A run that fails or is cancelled undoes what its
// tools did before it closes its books, unless it was told to keep it.
//
//   Y3. Effects are undone one at a time, the last first, and each of them once.
//   Y4. What is not undone is named in the result, with the reason.

import {
  compensationOf,
  nextToUndo,
  withUndone,
  type Compensated,
  type Compensation,
  type Effect,
} from "../effect.ts";
import { fittingText, newestFitting } from "../json-size.ts";
import type { Outcome } from "../outcome.ts";
import type { ToolSpec } from "../tool.ts";
import type { RunFact, ToolEnded, ToolLost } from "./facts.ts";
import { begun } from "./questions.ts";
import type { Answering, Effects, Memory, RunState } from "./state.ts";
import type { Step } from "./step.ts";

/** More than a hundred. They travel with the run (carried.ts). */
export const EFFECTS_BYTES_MAX = 20 * 1024;
export const WHY_NOT_UNDONE_BYTES_MAX = 120;

export function newEffects(): Effects {
  return { done: [], forgotten: 0 };
}

export function foldEffects(effects: Effects, fact: RunFact, before: RunState): Effects {
  switch (fact.kind) {
    case "toolEnded":
    case "toolLost": {
      const effect = effectOf(fact, before);
      return effect === null ? effects : remembering(effects, effect);
    }
    case "compensated":
      return { ...effects, done: withUndone(effects.done, inShort(fact)) };
    default:
      return effects;
  }
}

/** Older ones for which there is no room are counted, and named as what was not undone. */
function remembering({ done, forgotten }: Effects, effect: Effect): Effects {
  const all = [...done, effect];
  const kept = newestFitting(all, EFFECTS_BYTES_MAX);
  return { done: kept, forgotten: forgotten + all.length - kept.length };
}

function inShort({ callId, undo }: Compensated): Omit<Compensated, "kind"> {
  if (undo.kind !== "failed") return { callId, undo };
  // As an undo that tries it again is told it (parse-undo.ts), which takes nothing else.
  const said = undo.message.toWellFormed().replaceAll("\0", "\ufffd");
  const message = fittingText(said, WHY_NOT_UNDONE_BYTES_MAX, "…");
  return { callId, undo: { ...undo, message } };
}

/** Null where nothing can have been changed. */
function effectOf(fact: ToolEnded | ToolLost, { phase, memory }: RunState): Effect | null {
  if (memory === null || phase.kind !== "answering") return null;
  const call = begunIn(phase, fact.callId);
  if (call === null) return null;
  const tool = memory.snapshot.tools.find(({ name }) => name === call.name);
  const effect = fact.kind === "toolLost" ? "unknown" : (fact.effect ?? "happened");
  if (tool === undefined || effect === "none" || !changesTheWorld(tool)) return null;
  const { editedInput } = call.clearance;
  return {
    callId: call.callId,
    turn: phase.turn,
    tool: call.name,
    replyRef: phase.ref,
    answerRef: fact.kind === "toolEnded" && effect === "happened" ? fact.ref : null,
    ...(editedInput !== undefined && { editedInput }),
    undo: undoOf(tool),
  };
}

function begunIn({ calls }: Answering, id: string): ReturnType<typeof begun> {
  const call = calls.find(({ callId }) => callId === id);
  return call === undefined ? null : begun(call);
}

function undoOf({ compensates }: ToolSpec): Effect["undo"] {
  return { kind: compensates === true ? "due" : "impossible" };
}

function changesTheWorld({ permission, effect, compensates }: ToolSpec): boolean {
  return compensates === true || (permission !== "read" && effect !== "pure");
}

/** The step before the end that was decided; null where nothing is to be undone. */
export function undoBefore({ memory }: RunState, outcome: Outcome): Step | null {
  if (memory === null || !isUndone(memory, outcome)) return null;
  const effect = nextToUndo(memory.effects.done);
  return effect === null ? null : { kind: "compensate", effect, outcome };
}

function isUndone({ snapshot }: Memory, outcome: Outcome): boolean {
  return endsBadly(outcome) && snapshot.onFailure !== "keep";
}

function endsBadly({ kind }: Outcome): boolean {
  return kind === "failed" || kind === "cancelled";
}

/** What the result says of a run that came to nothing; empty of any other. */
export function compensationsIn(
  memory: Memory | null,
  outcome: Outcome,
): { readonly compensations?: readonly Compensation[]; readonly effectsForgotten?: number } {
  if (memory === null || !endsBadly(outcome)) return {};
  const { done, forgotten } = memory.effects;
  return {
    ...(done.length > 0 && { compensations: done.map(compensationOf) }),
    ...(forgotten > 0 && { effectsForgotten: forgotten }),
  };
}
