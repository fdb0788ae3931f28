// What a run has used and said, counted from its history alone: the same rules as in the workflow.
// Needed where the workflow itself can't tell: while it is under way, or was ended from outside.

import { NO_APPROVALS, type Approvals } from "../domain/approval.ts";
import type { Outcome, RunResult } from "../domain/outcome.ts";
import { isToolUse, type ToolUseBlock } from "../domain/message.ts";
import type { TurnStarted } from "../domain/run-event.ts";
import type { CallResult, ModelCall, Ticket } from "../domain/call.ts";
import type { RunInput, Waiting } from "../domain/run.ts";
import {
  openingState,
  resultOf,
  takeCost,
  takeReply,
  takeSummary,
  takeTax,
  type RunState,
} from "../domain/run-state.ts";
import type { Broken, Fact, FailureFact } from "./history-fact.ts";

export interface Tally {
  readonly input: RunInput | null;
  readonly state: RunState | null;
  /** Why the run waits, be it for a person's decision. */
  readonly waiting: Waiting | null;
  /** Of the newest call; undefined where that is a step of the work. */
  readonly purpose: TurnStarted["purpose"];
  readonly approvals: Approvals;
  /** The arguments that the newest reply calls a tool with, whole. */
  argumentsOf(callId: string): unknown;
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

function purposeOf({ purpose: { kind } }: ModelCall): TurnStarted["purpose"] {
  if (kind === "work") return undefined;
  return kind === "summary" ? "compaction" : kind;
}

class HistoryTally implements Tally {
  input: RunInput | null = null;
  state: RunState | null = null;
  approvals = NO_APPROVALS;
  #parked: Waiting | null = null;
  #calls: readonly ToolUseBlock[] = [];
  readonly toolCalls = new Set<string>();
  #startedAtMs = 0;
  purpose: TurnStarted["purpose"];

  apply(fact: Fact): void {
    if (fact.kind === "started") {
      this.input = fact.input;
      // A copy: the fold changes its state, and facts are shared.
      this.state = fact.input.resumed === undefined ? null : { ...fact.input.resumed };
      this.#startedAtMs = this.state?.startedAtMs ?? fact.atMs;
    }
    if (fact.kind === "opened") this.state = openingState(fact.result, this.#startedAtMs);
    if (fact.kind === "waitingChanged") this.#parked = fact.waiting;
    if (fact.kind === "approvalsChanged") this.approvals = fact.approvals;
    if (fact.kind === "toolScheduled") this.#countTool(fact.input.callId);
    if (fact.kind === "toolFinished") this.#countTool(fact.result.callId);
    if (this.state !== null) this.#applyCall(fact, this.state);
  }

  #applyCall(fact: Fact, state: RunState): void {
    if (fact.kind === "callScheduled") {
      askedOf(state, fact.input);
      this.purpose = purposeOf(fact.input);
    }
    if (fact.kind === "callUnserved") takeTax(state, fact.result.crashTaxMicroUsd);
    if (fact.kind !== "callFinished") return;
    takeCall(state, fact.result, this.purpose);
    if (fact.result.kind === "replied") this.#calls = fact.result.message.content.filter(isToolUse);
  }

  get waiting(): Waiting | null {
    return this.#parked ?? waitingFor(this.approvals);
  }

  argumentsOf(callId: string): unknown {
    return this.#calls.find(({ id }) => id === callId)?.input ?? null;
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

/** Null where no call waits for a person. */
export function waitingFor({ waiting }: Approvals): Waiting | null {
  const [first, ...more] = waiting;
  if (first === undefined) return null;
  const message =
    more.length === 0
      ? `a call of ${first.tool} waits for a person's decision`
      : `${waiting.length} calls wait for a person's decision`;
  return { reason: "approval", message, nextAttemptAt: null };
}

function askedOf(state: RunState, { turn, course }: ModelCall): void {
  state.turn = turn;
  if (state.course === undefined) return;
  const { model, wanted, why } = course;
  state.course = { ...state.course, model, wanted, why };
}

type Ended = Exclude<CallResult, Ticket>;

function takeCall(state: RunState, result: Ended, purpose: TurnStarted["purpose"]): void {
  if (result.kind === "replied" && purpose === "route") return takeCost(state, result);
  if (result.kind === "replied" && purpose === "compaction") {
    takeSummary(state, result);
    return;
  }
  if (result.kind === "replied") {
    takeReply(state, result);
    state.continued = result.stopReason === "max_tokens" ? state.continued + 1 : 0;
    return;
  }
  state.turn -= 1;
  takeTax(state, result.crashTaxMicroUsd);
}
