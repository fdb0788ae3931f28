// What a viewer sees of a run, in order. The same shapes travel as SSE and as `--json` lines.

import type { ChangeReason, Estimated } from "./call.ts";
import type { Undone } from "./effect.ts";
import type { Limit, RunResult } from "./outcome.ts";
import type { PurposeKind } from "./purpose.ts";
import type { AnswerTaken, Question } from "./question.ts";

interface Base<Type extends string> {
  readonly type: Type;
  /** `<execution>.<historyEventId>[.<attempt>.<offset>]`: a viewer resumes after any of them. */
  readonly id: string;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly ts: string;
}

export interface RunStarted extends Base<"run.started"> {
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  readonly traceId: string;
  /** Where Temporal's Web UI shows the run; null where no UI address is known. */
  readonly link: string | null;
}

/** The task, or a message, meets a rule that is only to be told of (docs/input.md). */
export interface InputFlagged extends Base<"input.flagged"> {
  readonly rule: string;
  /** The first such place, in characters from 1. */
  readonly position: number;
  /** Absent of the task. */
  readonly messageId?: string;
}

export interface TurnStarted extends Base<"turn.started"> {
  readonly turn: number;
  /**
   * `wrap_up`: the run stops at a limit, and the model is asked, tools off, to sum up.
   * `summary`: the conversation grows too long, and goes on from one that is written now.
   * `route`: a small model is asked which tier the task is for.
   */
  readonly purpose?: Exclude<PurposeKind, "work">;
  readonly model: string;
  readonly spentUsd: number;
  readonly capUsd: number;
  /** True where the replies come from the offline model and all costs are simulated. */
  readonly offline: boolean;
  /** Set where the model costs nothing. */
  readonly free?: true;
}

export interface ModelRetrying extends Base<"model.retrying"> {
  readonly turn: number;
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
  /** ISO 8601; null where the attempt is already under way. */
  readonly nextAttemptAt: string | null;
}

/** This call and the next go to another model than the one before. */
export interface ModelChanged extends Base<"model.changed"> {
  readonly turn: number;
  readonly from: string;
  readonly model: string;
  readonly reason: ChangeReason;
  readonly message: string;
}

/** Text of the reply in flight. Text of an attempt that died is taken back by `reply.withdrawn`. */
export interface ReplyDelta extends Base<"reply.delta"> {
  readonly turn: number;
  readonly attempt: number;
  readonly text: string;
}

/** A sign of life: the model writes the arguments of a call. They themselves are told with the call. */
export interface ReplyProgress extends Base<"reply.progress"> {
  readonly turn: number;
  readonly attempt: number;
  readonly tool: string;
  /** Of the arguments so far. */
  readonly chars: number;
}

export interface ReplyWithdrawn extends Base<"reply.withdrawn"> {
  readonly turn: number;
  readonly attempt: number;
}

export interface ReplyFinished extends Base<"reply.finished"> {
  readonly turn: number;
  readonly attempt: number;
  readonly model: string;
  /** True where it came from the offline model. */
  readonly offline: boolean;
  /** Set where it cost nothing, as its model does. */
  readonly free?: true;
  /** Bought in the batch lane, at half price. */
  readonly lane?: "batch";
  readonly stopReason: string;
  readonly text: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** Set where the tokens are not counted by the provider: then the hold is charged. */
  readonly estimated?: Estimated;
  readonly costUsd: number;
  readonly crashTaxUsd: number;
  readonly spentUsd: number;
  readonly capUsd: number;
}

export interface ToolStarted extends Base<"tool.started"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  /** The arguments, shortened for reading. */
  readonly preview: string;
}

export interface ToolRetrying extends Base<"tool.retrying"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
  readonly nextAttemptAt: string | null;
}

/** In the tool's own words, while it is under way; a view, like the text of a reply in flight. */
export interface ToolProgress extends Base<"tool.progress"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  readonly text: string;
  /** 0 to 1; null where the tool does not say. */
  readonly share: number | null;
}

export interface ToolFinished extends Base<"tool.finished"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  readonly isError: boolean;
  /** The first of what the model was told, shortened for reading. */
  readonly preview: string;
  readonly durationMs: number;
}

/** The run ends badly, or was undone later: what a call did is taken back, was not there, or stands. */
export interface ToolCompensated extends Base<"tool.compensated"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  readonly undo: Undone["kind"];
  /** Why it stands; null where it does not. */
  readonly message: string | null;
}

export interface ApprovalRequested extends Base<"approval.requested"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  /** The arguments as the model wrote them, whole. */
  readonly input: unknown;
  readonly argsDigest: string;
  readonly reason: string;
  /** ISO 8601. Silence until then is a denial. */
  readonly deadlineAt: string;
}

export interface ApprovalDecided extends Base<"approval.decided"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  readonly verdict: "approved" | "denied" | "expired";
  /** Null where nobody decided. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly edited: boolean;
  readonly always: boolean;
}

/** A tool asks a person before it goes on. */
export interface QuestionAsked extends Base<"question.asked"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  /** From 1; an answer names it. */
  readonly round: number;
  readonly questions: readonly Question[];
  /** ISO 8601. Silence until then is `cancel`. */
  readonly deadlineAt: string;
}

export interface QuestionAnswered extends Base<"question.answered"> {
  readonly turn: number;
  readonly callId: string;
  readonly tool: string;
  readonly round: number;
  /** Null where nobody answered in time. */
  readonly by: string | null;
  /** By the id of the question; what was said goes to the tool alone. */
  readonly actions: AnswerTaken["actions"];
}

/** A person spoke to the run; the model reads it with the next turn. */
export interface MessageReceived extends Base<"message.received"> {
  readonly messageId: string;
  readonly text: string;
  readonly mode: "queue" | "interrupt";
  readonly by: string;
}

export interface BudgetWarning extends Base<"budget.warning"> {
  readonly limit: Limit;
  /** USD for caps on money, otherwise tokens, calls or milliseconds. */
  readonly used: number;
  readonly cap: number;
}

/** The caller asked for more than the operator, or the agent, allows: the lower limit holds. */
export interface LimitLowered extends Base<"limit.lowered"> {
  readonly limit: Limit;
  /** USD for the cap on money, otherwise tokens, calls or milliseconds. */
  readonly asked: number;
  readonly allowed: number;
}

/** Once a run for each reason: what a reply used is not known, and its hold is charged. */
export interface UsageEstimated extends Base<"usage.estimated"> {
  readonly turn: number;
  readonly reason: Exclude<Estimated, "stopped">;
}

export interface RunWaiting extends Base<"run.waiting"> {
  readonly reason: WaitReason;
  readonly message: string;
  /** ISO 8601; null where only a person can end the wait. */
  readonly nextAttemptAt: string | null;
}

/** `provider`: for a person, at its spend limit. `worker`: for one that has the provider of the run. */
export type WaitReason =
  "approval" | "question" | "capacity" | "budget" | "provider" | "batch" | "worker";

/** A person let the run go on: from a pause, at a limit, or with more money of its own. */
export interface RunResumed extends Base<"run.resumed"> {
  /** Empty where nobody said. */
  readonly by: string;
  readonly addedUsd: number;
  readonly capUsd: number;
}

/**
 * The run goes on after a wait, or in a fresh history. `reset`: it was reset from outside, and goes on from an
 * earlier point; what was told since then holds no more.
 */
export interface RunContinued extends Base<"run.continued"> {
  readonly reason: "resumed" | "new_history" | "reset";
}

export interface RunEnded extends Base<"run.ended"> {
  readonly result: RunResult;
}

export type RunEvent =
  | RunStarted
  | InputFlagged
  | TurnStarted
  | ModelRetrying
  | ModelChanged
  | ReplyDelta
  | ReplyProgress
  | ReplyWithdrawn
  | ReplyFinished
  | ToolStarted
  | ToolRetrying
  | ToolProgress
  | ToolFinished
  | ToolCompensated
  | ApprovalRequested
  | ApprovalDecided
  | QuestionAsked
  | QuestionAnswered
  | MessageReceived
  | RunResumed
  | BudgetWarning
  | LimitLowered
  | UsageEstimated
  | RunWaiting
  | RunContinued
  | RunEnded;
