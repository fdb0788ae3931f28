// What stands in the conversation of a run, and in its time line.

import type { RunResult } from "../../domain/outcome.ts";
import type {
  ApprovalDecided,
  ApprovalRequested,
  QuestionAnswered,
  QuestionAsked,
  TurnStarted,
} from "../../domain/run-event.ts";

interface Versioned {
  readonly key: number;
  version: number;
}

export interface TaskItem extends Versioned {
  readonly kind: "task";
  readonly text: string;
  readonly atMs: number;
}

/** An attempt that failed, and when the next one begins; null where it had begun already. */
export interface Retry {
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
  readonly atMs: number;
  readonly nextMs: number | null;
}

export interface ReplyItem extends Versioned {
  readonly kind: "reply";
  readonly turn: number;
  readonly blocks: string[];
  chars: number;
  /** What it writes that is no text; empty where it does not. */
  progress: string;
  attempt: number;
  isOpen: boolean;
  /** Nobody is at work on it: the run waits for money, for its provider or for a word. */
  isWaiting: boolean;
  /** The deltas did not give the text of the transcript: a fault, mended here and seen by tests. */
  isMended: boolean;
  readonly retries: Retry[];
  withdrawn: number;
  stopReason: string;
  purpose: TurnStarted["purpose"];
  costUsd: number;
  free: boolean;
  /** Charged for attempts of this turn whose reply was lost. */
  crashTaxUsd: number;
  outputTokens: number;
  readonly fromMs: number;
  toMs: number | null;
}

export interface ToolItem extends Versioned {
  readonly kind: "tool";
  readonly callId: string;
  readonly tool: string;
  readonly turn: number;
  input: string;
  /** What it says while it is under way; empty where it says nothing. */
  progress: string;
  output: string | null;
  isError: boolean;
  readonly retries: Retry[];
  fromMs: number;
  toMs: number | null;
  durationMs: number | null;
}

export type AskedCall = Pick<
  ApprovalRequested,
  "callId" | "tool" | "turn" | "input" | "argsDigest" | "reason" | "deadlineAt"
>;

export interface ApprovalItem extends Versioned {
  readonly kind: "approval";
  readonly asked: AskedCall;
  decided: Omit<ApprovalDecided, "id" | "runId" | "ts" | "type"> | null;
  readonly fromMs: number;
  toMs: number | null;
}

export type AskedQuestions = Pick<
  QuestionAsked,
  "callId" | "tool" | "turn" | "round" | "questions" | "deadlineAt"
>;

export interface QuestionItem extends Versioned {
  readonly kind: "question";
  readonly asked: AskedQuestions;
  answered: Pick<QuestionAnswered, "by" | "actions"> | null;
  readonly fromMs: number;
  toMs: number | null;
}

export interface MessageItem extends Versioned {
  readonly kind: "message";
  readonly text: string;
  readonly by: string;
  readonly mode: "queue" | "interrupt";
  readonly messageId: string;
  readonly atMs: number;
}

export interface NoteItem extends Versioned {
  readonly kind: "note";
  readonly tone: "info" | "warning" | "wait";
  readonly text: string;
  readonly fromMs: number;
  toMs: number | null;
}

export interface EndItem extends Versioned {
  readonly kind: "end";
  readonly result: RunResult;
  readonly atMs: number;
}

export type Item =
  TaskItem | ReplyItem | ToolItem | ApprovalItem | QuestionItem | MessageItem | NoteItem | EndItem;

export interface Figures {
  readonly spentUsd: number;
  readonly capUsd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly turns: number;
}

export interface TurnCost {
  readonly turn: number;
  readonly costUsd: number;
  readonly crashTaxUsd: number;
}
