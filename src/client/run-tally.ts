// What a run has used and said, counted from its history alone: the same rules as in the workflow.
// Needed where the workflow itself can't tell: while it is under way, or was ended from outside.

import type { Outcome, RunResult } from "../domain/outcome.ts";
import type { CallModelResult, RunInput, Waiting } from "../domain/run.ts";
import { openingState, resultOf, takeReply, type RunState } from "../domain/run-state.ts";
import type { Broken, Fact, FailureFact } from "./history-fact.ts";

export interface Tally {
  readonly input: RunInput | null;
  readonly state: RunState | null;
  readonly waiting: Waiting | null;
  /** Calls of tools that began, by id. */
  readonly toolCalls: ReadonlySet<string>;
  apply(fact: Fact): void;
  /** The result line with what is known now. */
  result(runId: string, outcome: Outcome, nowMs: number): RunResult;
  /** The same of a run that has no outcome yet. */
  soFar(runId: string, nowMs: number): Omit<RunResult, "outcome">;
}

export function createTally(): Tally {
  return new HistoryTally();
}

export function brokenOutcome(how: Broken, { code, message }: FailureFact): Outcome {
  return how === "cancelled" ? { kind: "cancelled", message } : { kind: "failed", code, message };
}

class HistoryTally implements Tally {
  input: RunInput | null = null;
  state: RunState | null = null;
  waiting: Waiting | null = null;
  readonly toolCalls = new Set<string>();
  #startedAtMs = 0;

  apply(fact: Fact): void {
    if (fact.kind === "started") {
      this.input = fact.input;
      // A copy: the fold changes its state, and facts are shared.
      this.state = fact.input.resumed === undefined ? null : { ...fact.input.resumed };
      this.#startedAtMs = this.state?.startedAtMs ?? fact.atMs;
    }
    if (fact.kind === "opened") this.state = openingState(fact.result, this.#startedAtMs);
    if (fact.kind === "waitingChanged") this.waiting = fact.waiting;
    if (fact.kind === "toolScheduled") this.#countTool(fact.input.callId);
    if (fact.kind === "toolFinished") this.#countTool(fact.result.callId);
    if (this.state === null) return;
    if (fact.kind === "callScheduled") this.state.turn = fact.input.turn;
    if (fact.kind === "callFinished") takeCall(this.state, fact.result);
  }

  result(runId: string, outcome: Outcome, nowMs: number): RunResult {
    const ledger = {
      spentMicroUsd: this.state?.spentMicroUsd ?? 0,
      crashTaxMicroUsd: this.state?.crashTaxMicroUsd ?? 0,
      modelAttempts: this.state?.modelAttempts ?? 0,
    };
    const durationMs = Math.max(0, nowMs - this.#startedAtMs);
    const who = { runId, traceId: this.input?.traceId ?? "" };
    return resultOf(who, this.state, { outcome, ledger, durationMs });
  }

  soFar(runId: string, nowMs: number): Omit<RunResult, "outcome"> {
    // Any outcome but an answer will do: what an open run has said so far is partial.
    const unfinished: Outcome = { kind: "cancelled", message: "" };
    const { outcome: _, ...rest } = this.result(runId, unfinished, nowMs);
    return rest;
  }

  #countTool(callId: string): void {
    if (this.toolCalls.has(callId)) return;
    this.toolCalls.add(callId);
    if (this.state !== null) this.state.toolCalls += 1;
  }
}

function takeCall(state: RunState, result: CallModelResult): void {
  if (result.kind === "replied") {
    takeReply(state, result);
    state.continued = result.stopReason === "max_tokens" ? state.continued + 1 : 0;
    return;
  }
  state.turn -= 1;
  state.spentMicroUsd += result.crashTaxMicroUsd;
  state.crashTaxMicroUsd += result.crashTaxMicroUsd;
}
