// A run as its history tells it: the state of its workflow, folded by the same rules. Needed where the workflow
// itself can't tell: while it is under way, or where it was broken off from outside.

import { isToolUse, type ToolUseBlock } from "../domain/message.ts";
import type { Outcome, RunResult } from "../domain/outcome.ts";
import type { RunInput } from "../domain/run/carried.ts";
import { evolve } from "../domain/run/evolve.ts";
import type { RunFact } from "../domain/run/facts.ts";
import { resultOf } from "../domain/run/result.ts";
import { toolIn } from "../domain/run/snapshot.ts";
import { newRun, type RunState } from "../domain/run/state.ts";
import type { BrokenOff } from "./history-failures.ts";
import type { Frame, Told } from "./history-facts.ts";

export interface ToldRun {
  /** Null before the first event, and of a run that was started with what is no order. */
  readonly input: RunInput | null;
  readonly state: RunState;
  /** The calls of the newest step, with their arguments whole. */
  readonly calls: readonly ToolUseBlock[];
}

export const UNTOLD: ToldRun = { input: null, state: newRun(0), calls: [] };

export function tellOn(run: ToldRun, { fact, atMs }: Told): ToldRun {
  if (isFrame(fact)) {
    if (fact.kind !== "started") return run;
    const { input } = fact;
    return { ...run, input, state: input?.resumed ?? newRun(atMs) };
  }
  const known = named(run.state, fact);
  const calls = fact.kind === "replied" ? fact.message.content.filter(isToolUse) : run.calls;
  return { ...run, calls, state: evolve(run.state, known) };
}

const FRAMES: readonly string[] = [
  "started",
  "movedOn",
  "replaced",
  "ended",
  "broken",
] satisfies Frame["kind"][];

export function isFrame(fact: RunFact | Frame): fact is Frame {
  return FRAMES.includes(fact.kind);
}

/** A failure of an inline tool does not name its call: the first that can be meant. */
export function named({ phase, memory }: RunState, fact: RunFact): RunFact {
  if (fact.kind !== "toolLost" || fact.callId !== "" || phase.kind !== "answering") return fact;
  if (memory === null) return fact;
  const call = phase.calls.find(
    ({ kind, name }) => kind === "cleared" && toolIn(memory.snapshot, name)?.inline === true,
  );
  return call === undefined ? fact : { ...fact, callId: call.callId };
}

/** By its place in the reply; null where they were told in an earlier history. */
export function argumentsIn({ calls, state: { phase } }: ToldRun, callId: string): unknown {
  const open = phase.kind === "answering" ? phase.calls : [];
  return calls[open.findIndex((call) => call.callId === callId)]?.input ?? null;
}

export function brokenOutcome({ how, code, message }: BrokenOff): Outcome {
  return how === "cancelled" ? { kind: "cancelled", message } : { kind: "failed", code, message };
}

/** The result line with what is known now. */
export function resultNow(
  runId: string,
  { input, state }: ToldRun,
  { outcome, nowMs }: { readonly outcome: Outcome; readonly nowMs: number },
): RunResult {
  const who = { runId, traceId: input?.traceId ?? "" };
  const durationMs = Math.max(0, nowMs - state.startedAtMs);
  return resultOf(who, state, { outcome, durationMs, ledger: null });
}

/** The same of a run that has no outcome yet. */
export function soFar(runId: string, run: ToldRun, nowMs: number): Omit<RunResult, "outcome"> {
  // Any outcome but an answer will do: what an open run has said so far is partial.
  const unfinished: Outcome = { kind: "cancelled", message: "" };
  const told = resultNow(runId, run, { outcome: unfinished, nowMs });
  const { outcome: _, compensations = [], effectsForgotten: __, ...rest } = told;
  // Before that, nothing is said of what may have to be taken back.
  return run.state.phase.kind === "compensating" ? { ...rest, compensations } : rest;
}
