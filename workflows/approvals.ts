// A person's word on tool calls. A call that is asked about waits here, for as long as the run's
// terms say; silence is a denial. Waiting costs nothing, and survives whatever dies.
//
// Invariants; each number is also the name of a test.
//   A1. A call is decided once: the first decision stands, and every other is refused with its reason.
//   A2. A decision counts only for the arguments it names, before its deadline, in a run under way.
//   A3. What waits and what was decided stands in the memo before anybody is told that it was accepted.

import {
  ApplicationFailure,
  condition,
  defineUpdate,
  isCancellation,
  setHandler,
  upsertMemo,
} from "@temporalio/workflow";
import {
  type Approvals,
  type DecidedApproval,
  type Decision,
  type PendingApproval,
} from "../src/domain/approval.ts";
import type { ErrorCode } from "../src/domain/errors.ts";
import type { RunState, SettledCall } from "../src/domain/run-state.ts";
import { APPROVALS_MEMO, DECIDE_UPDATE } from "../src/temporal/names.ts";
import { showStatus } from "./run-view.ts";
import { tell } from "./tell.ts";

export type Ruling = DecidedApproval & {
  readonly editedInput?: Readonly<Record<string, unknown>>;
};

export interface ApprovalDesk {
  /** Resolves with the first decision, or with `expired` after the deadline. */
  ask(pending: PendingApproval, state: RunState): Promise<Ruling>;
  /** The calls of another reply are answered now: what was decided before is no news any more. */
  turnPage(): void;
  /** The newest decisions, to be carried into a fresh history. */
  settled(): readonly SettledCall[];
}

const SETTLED_MAX = 200;
const decide = defineUpdate<DecidedApproval, [Decision]>(DECIDE_UPDATE);

/** Must be called before the first await, so that no decision comes too early to be heard. */
export function openApprovalDesk(before: readonly SettledCall[] = []): ApprovalDesk {
  return new Desk(before);
}

class Desk implements ApprovalDesk {
  readonly #waiting = new Map<string, PendingApproval>();
  readonly #rulings = new Map<string, Ruling>();
  #decided: DecidedApproval[] = [];
  #settled: SettledCall[];
  #state: RunState | null = null;
  #withdrawn = false;
  #isStale = false;
  #showsWaiting = false;

  constructor(before: readonly SettledCall[]) {
    this.#settled = [...before];
    setHandler(decide, (decision) => this.#decide(decision), {
      validator: (decision) => this.#refuse(decision),
    });
  }

  async ask(pending: PendingApproval, state: RunState): Promise<Ruling> {
    this.#state = state;
    state.waitedForPerson = true;
    const { callId, tool, turn, deadlineAt } = pending;
    this.#waiting.set(callId, pending);
    this.#show();
    tell({ event: "approval_requested", turn, tool, callId, deadlineAt });
    const waitMs = Math.max(1, Date.parse(deadlineAt) - Date.now());
    try {
      await condition(() => this.#rulings.has(callId), waitMs);
    } catch (error) {
      if (isCancellation(error)) this.#withdraw();
      throw error;
    }
    return this.#rulings.get(callId) ?? this.#settle(pending, SILENCE);
  }

  turnPage(): void {
    this.#decided = [];
    this.#rulings.clear();
  }

  settled(): readonly SettledCall[] {
    return this.#settled;
  }

  /** Why a decision can't be taken. Temporal keeps no record of what is refused here. */
  #refuse({ callId, argsDigest, editedInput }: Decision): void {
    const pending = this.#waiting.get(callId);
    if (pending === undefined) throw this.#whyNotWaiting(callId);
    if (Date.now() >= Date.parse(pending.deadlineAt)) {
      throw refusal(
        "APPROVAL_EXPIRED",
        `The call ${callId} could be decided until ${pending.deadlineAt}.`,
      );
    }
    if (argsDigest !== pending.argsDigest) {
      const message = `The decision names other arguments than those the call ${callId} waits with.`;
      throw refusal("APPROVAL_MISMATCH", message);
    }
    if (editedInput !== undefined && !isObject(editedInput)) {
      throw refusal("TOOL_INPUT_INVALID", "The edited arguments are no JSON object.");
    }
  }

  #whyNotWaiting(callId: string): ApplicationFailure {
    const before = this.#settled.find((call) => call.callId === callId);
    if (before?.verdict === "expired") {
      return refusal("APPROVAL_EXPIRED", `Nobody decided the call ${callId} in time.`);
    }
    if (before !== undefined) {
      return refusal("APPROVAL_DECIDED", `The call ${callId} was ${before.verdict} before.`);
    }
    if (this.#withdrawn) return refusal("RUN_ENDED", "The run is ending; nothing waits any more.");
    return refusal("APPROVAL_NOT_FOUND", `No call ${callId} waits for a decision in this run.`);
  }

  #decide(decision: Decision): DecidedApproval {
    // Between the validator and this line another decision may have come, and a replay asks no validator.
    this.#refuse(decision);
    const { callId, verdict, by, reason, editedInput, always = false } = decision;
    const pending = this.#waiting.get(callId);
    if (pending === undefined) throw this.#whyNotWaiting(callId);
    const isApproved = verdict === "approve";
    const { editedInput: _, ...decided } = this.#settle(pending, {
      verdict: isApproved ? "approved" : "denied",
      by,
      reason: reason ?? null,
      edited: isApproved && editedInput !== undefined,
      always: isApproved && always,
      ...(isApproved && editedInput !== undefined ? { editedInput } : {}),
    });
    return decided;
  }

  #settle({ callId, tool, turn }: PendingApproval, word: Word): Ruling {
    const decidedAt = new Date(Date.now()).toISOString();
    const ruling: Ruling = { callId, tool, turn, ...word, decidedAt };
    const { editedInput: _, ...decided } = ruling;
    this.#waiting.delete(callId);
    this.#rulings.set(callId, ruling);
    this.#decided.push(decided);
    this.#settled = [...this.#settled, { callId, verdict: ruling.verdict }].slice(-SETTLED_MAX);
    this.#show();
    const { verdict, by, edited, always } = ruling;
    tell({ event: "approval_decided", turn, tool, callId, verdict, by, edited, always });
    return ruling;
  }

  /** The run is ending: nobody can decide any more, and nothing is shown as waiting. */
  #withdraw(): void {
    this.#withdrawn = true;
    this.#waiting.clear();
    this.#show();
  }

  /** Once for all that changes in one step of the workflow. */
  #show(): void {
    if (this.#isStale) return;
    this.#isStale = true;
    void this.#showSoon();
  }

  async #showSoon(): Promise<void> {
    await Promise.resolve();
    this.#isStale = false;
    const waiting = [...this.#waiting.values()];
    const approvals: Approvals = { waiting, decided: this.#decided };
    upsertMemo({ [APPROVALS_MEMO]: approvals });
    this.#showStatus();
  }

  #showStatus(): void {
    const state = this.#state;
    const isWaiting = this.#waiting.size > 0;
    if (state === null || isWaiting === this.#showsWaiting) return;
    this.#showsWaiting = isWaiting;
    showStatus(isWaiting ? "waiting" : "running", state);
  }
}

type Word = Omit<Ruling, "callId" | "tool" | "turn" | "decidedAt">;

const SILENCE: Word = { verdict: "expired", by: null, reason: null, edited: false, always: false };

function refusal(type: ErrorCode, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
