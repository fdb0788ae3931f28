// The words in which a run's workflow and its activities speak to each other. All of these live in
// Temporal history: fields are only ever added, and new ones are optional.

import type { CallerLimits, Limits } from "./limits.ts";
import type { Rule } from "./approval.ts";
import type { BatchTerms } from "./batch-lane.ts";
import type { Policy, Routing } from "./routing.ts";
import type { RunState } from "./run-state.ts";
import type { Message } from "./message.ts";
import type { Fallbacks } from "./model-course.ts";
import type { Outcome, RunResult } from "./outcome.ts";
import type { ServerTool, ToolSpec } from "./tool.ts";
import type { Tier } from "./prices.ts";
import type { WaitReason } from "./run-event.ts";

export const UNREAD_MAX = 100;
export const MESSAGE_BYTES_MAX = 32 * 1024;

/** What a person says to a run in flight. */
export interface UserMessage {
  /** The same id is heard once. */
  readonly messageId: string;
  readonly text: string;
  /** `queue`: with the next turn. `interrupt`: the reply in flight is stopped first. */
  readonly mode: "queue" | "interrupt";
  /** Who says it: the name of the API key or of the user. */
  readonly by: string;
}

/** Tools that the caller wants asked about, or not used; it can only be stricter than the agent's. */
export interface CallerPolicy {
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
}

export interface CanWait {
  /** From the start of the run; null means as long as the provider takes. */
  readonly forMs: number | null;
}

/** The batch that a run is an item of, and what all its items share. */
export interface BatchShare {
  readonly batchId: string;
  /** Null: counted, never denied. */
  readonly capMicroUsd: number | null;
}

export interface RunInput {
  readonly task: string;
  readonly agent: string;
  readonly tenant: string;
  readonly session: string;
  readonly traceId: string;
  readonly model?: string;
  readonly tier?: Tier;
  readonly routing?: Policy;
  readonly limits: CallerLimits;
  readonly onLimit: "stop" | "pause";
  /** The replies may take as long as a batch takes, and cost half. */
  readonly canWait?: CanWait;
  readonly policy?: CallerPolicy;
  readonly batch?: BatchShare;
  /** Set where the run goes on in a fresh history. */
  readonly resumed?: RunState;
}

/** The agent as it was when the run began. Nothing in it changes during the life of the run. */
export interface Snapshot {
  readonly agent: string;
  readonly model: string;
  readonly instructions: string;
  readonly tools: readonly ToolSpec[];
  readonly serverTools: readonly ServerTool[];
  readonly limits: Limits;
  /** What the agent's definition allows a run to cost, at most; the operator may allow less. */
  readonly agentCapMicroUsd?: number;
  readonly timers: Timers;
  readonly historyMarks: HistoryMarks;
  readonly offline: boolean;
  /**
   * By tool name; a tool that is not in it follows its permission (guardrail.ts). Absent only in runs
   * that were opened before there were policies: they keep all tools that they were opened with.
   */
  readonly policy?: Readonly<Record<string, Rule>>;
  readonly approvals?: ApprovalTerms;
  /** True where the last of a limit pays for a call that sums up (wrap-up.ts). */
  readonly wrapUp?: boolean;
  /** Who stands in where a model takes no calls (model-course.ts). */
  readonly fallbacks?: Fallbacks;
  /** Set where the model is called through the provider's batch lane (batch-lane.ts). */
  readonly batchLane?: BatchTerms;
  /** `auto`: once the run has waited for a person, the provider's cache is asked for an hour. Absent: never. */
  readonly cacheTtl?: "auto" | "1h";
  /** Tokens of a conversation from which the run goes on from a summary of it (compaction.ts). */
  readonly compactAtTokens?: number;
  /** Who decides which model is wanted (routing.ts). */
  readonly routing?: Routing;
}

export interface ApprovalTerms {
  readonly timeoutMs: number;
  /** True where the operator wants to be told of approvals that wait. */
  readonly webhook: boolean;
}

export interface Timers {
  readonly heartbeatTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly retryInitialMs: number;
  readonly retryAttemptsMax: number;
}

/** Past either, the run moves to a fresh history between two turns. */
export interface HistoryMarks {
  readonly events: number;
  readonly bytes: number;
}

export interface OpenRunResult {
  readonly snapshot: Snapshot;
  /** Chain of the transcript that holds the snapshot alone. */
  readonly head: string;
  /** The task as a message, which `taskMessage` gives again. */
  readonly taskRef: string;
}

export interface RunToolInput {
  readonly turn: number;
  readonly tenant: string;
  readonly callId: string;
  readonly tool: string;
  /** The reply that holds the call and its arguments. */
  readonly replyRef: string;
  /** Why the call may be made. */
  readonly clearance?: Clearance;
}

/** The guardrail's word on a call that is made, or a person's. */
export interface Clearance {
  readonly verdict: "allowed" | "approved";
  readonly reason: string;
  /** Who approved. */
  readonly by?: string;
  /** What was approved: the tool looks whether the arguments still are these. */
  readonly argsDigest?: string;
  /** Executed instead of the model's arguments. */
  readonly editedInput?: Readonly<Record<string, unknown>>;
}

export interface RunToolResult {
  readonly callId: string;
  readonly tool: string;
  readonly ref: string;
  /** What the model sees, ≤ 64 KiB. */
  readonly content: string;
  readonly isError: boolean;
  readonly durationMs: number;
}

export interface CloseRunInput {
  readonly tenant: string;
  readonly session: string;
  readonly agent: string;
  readonly traceId: string;
  readonly outcome: Outcome;
  readonly turns: number;
  readonly toolCalls: number;
  readonly durationMs: number;
  /** Absent in runs that began before there were records. */
  readonly record?: RecordDraft;
}

/** What is kept of the run for good; what it cost is added from the ledger. */
export interface RecordDraft {
  readonly task: string;
  readonly taskDigest: string | null;
  readonly model: string | null;
  readonly offline: boolean;
  readonly capMicroUsd: number | null;
  readonly startedAtMs: number;
  readonly result: RunResult;
}

/** The ledger's word on what the run cost; the workflow's own count can miss attempts that died last. */
export interface CloseRunResult {
  readonly spentMicroUsd: number;
  readonly crashTaxMicroUsd: number;
  readonly modelAttempts: number;
}

export interface Waiting {
  readonly reason: WaitReason;
  readonly message: string;
  readonly nextAttemptAt: string | null;
}

export function taskMessage(input: RunInput): Message {
  return { role: "user", content: [{ type: "text", text: input.task }] };
}
