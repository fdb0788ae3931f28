// The words in which a run's workflow and its activities speak to each other. All of these live in
// Temporal history: fields are only ever added, and new ones are optional.

import type { CallerLimits, Limits, Warning } from "./limits.ts";
import type { Rule } from "./approval.ts";
import type { BatchTerms } from "./batch-lane.ts";
import type { Policy, Routing } from "./routing.ts";
import type { RunState } from "./run-state.ts";
import type { Message } from "./message.ts";
import type { Author } from "./authors.ts";
import type { Fallbacks, ModelChange } from "./model-course.ts";
import type { AccountLimit, Outcome, RunResult } from "./outcome.ts";
import type { ServerTool, ToolCall, ToolSpec } from "./tool.ts";
import type { Tier } from "./prices.ts";
import type { Usage } from "./usage.ts";
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

/** A message that is new since `head`: by reference where it lies in the store, else as it is. */
export type Entry =
  | {
      readonly ref: string;
      /** Without what the model thought, which is bound to what went before it. */
      readonly bare?: true;
    }
  | {
      readonly message: Message;
      /** By a person, and not by us. */
      readonly said?: true;
    };

export interface OpenRunResult {
  readonly snapshot: Snapshot;
  /** Chain of the transcript that holds the snapshot alone. */
  readonly head: string;
  /** The task as a message, which `taskMessage` gives again. */
  readonly taskRef: string;
}

export interface CallModelInput {
  readonly turn: number;
  readonly tenant: string;
  readonly session: string;
  readonly agent: string;
  readonly batch?: BatchShare;
  readonly head: string;
  readonly entries: readonly Entry[];
  /** Tokens that the transcript up to `head` is known to weigh; 0 before the first reply. */
  readonly headTokens: number;
  /** What caller and agent allow the run to cost; the operator's cap is read at the call. */
  readonly costCapMicroUsd: number | null;
  /** What the run may still use, prompt and reply together. */
  readonly tokensLeft: number;
  /** Caps that ran past 80 % since the last call: logged and shown. The model reads of them in `entries`. */
  readonly warnings: readonly Warning[];
  /** `kept_back`: leave the price of a summary untouched. `due`: this is that call, tools off. */
  readonly wrapUp?: "kept_back" | "due";
  /** `kept_back`: leave room for a summary. `due`: this is that call; `again`: the same with tools off. */
  readonly compaction?: "kept_back" | "due" | "again";
  /** What the run has spent, where something is kept back. */
  readonly spentMicroUsd?: number;
  /** The provider's cache shall keep the prompt for so long; five minutes where nothing is said. */
  readonly cacheTtl?: "1h";
  readonly course?: CallCourse;
  /** `route`: the task is not worked on, but given to a tier; the reply is no part of the transcript. */
  readonly purpose?: "route";
}

/** Of a run that may ask several: which model is called. */
export interface CallCourse {
  readonly model: string;
  /** The model that it stands in for. */
  readonly wanted?: string;
  /** Set where the call before went to another. */
  readonly change?: ModelChange;
  /** Who wrote the replies up to `head`, where it was not this model alone. */
  readonly authors?: readonly Author[];
  /** The model by whose count `headTokens` is, where it was another. */
  readonly weighedBy?: string;
  /** After so many attempts at a model that is overloaded or away another is asked. */
  readonly attemptsMax?: number;
}

/** A reply to it is no step of the conversation. */
export function isSummary({ compaction }: Pick<CallModelInput, "compaction">): boolean {
  return compaction === "due" || compaction === "again";
}

export interface Reply {
  readonly kind: "replied";
  readonly head: string;
  readonly ref: string;
  readonly message: Message;
  readonly model: string;
  /** Bought in the batch lane, at half price. */
  readonly lane?: "batch";
  readonly stopReason: string;
  readonly refusalCategory?: string;
  readonly toolCalls: readonly ToolCall[];
  /** Calls whose arguments were no JSON object; the model is told instead of the tool. */
  readonly invalidCalls: readonly string[];
  readonly usage: Usage;
  readonly costMicroUsd: number;
  /** Charged for attempts of this call that died. */
  readonly crashTaxMicroUsd: number;
  readonly attempts: number;
  /** The attempt whose reply this is. */
  readonly attempt: number;
  /** The run's cap as the worker saw it. */
  readonly costCapMicroUsd: number;
  /** Shared caps of which 80 % or more is used. */
  readonly nearCaps: readonly Warning[];
}

export interface Denial {
  readonly kind: "denied";
  readonly limit: AccountLimit | "request_tokens" | "tokens" | "capacity";
  readonly message: string;
  /** True where it passes by itself: other runs' holds are in the way, or the provider is. */
  readonly temporary: boolean;
  readonly resetsAt: string | null;
  /** ISO 8601. Of `capacity`: until then the provider takes no call of the fleet. */
  readonly nextAttemptAt?: string;
  /** True where the provider is well and its limits are in use: the run's turn comes. */
  readonly inLine?: boolean;
  /** Says no more than that this model can't serve now: its circuit is open, or its attempts are used up. */
  readonly away?: "down" | "overloaded" | "unfit";
  readonly crashTaxMicroUsd: number;
}

/** The reply was stopped by a person before there was any text of it. */
export interface Interrupted {
  readonly kind: "interrupted";
  readonly crashTaxMicroUsd: number;
}

export type CallModelResult = Reply | Denial | Interrupted;

/** Stop reason of a reply that a person stopped; the provider knows no such. */
export const INTERRUPTED = "interrupted";

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

/** Who pays for a call of the run: every input of one begins with it, or a cap would be missed. */
export function chargedTo({
  tenant,
  session,
  agent,
  batch,
}: RunInput): Pick<CallModelInput, "tenant" | "session" | "agent" | "batch"> {
  return { tenant, session, agent, ...(batch === undefined ? {} : { batch }) };
}
