// What can happen to a run. The workflow records each of these as it happens; the client reads the very same
// from Temporal's history (src/client/history-facts.ts). Nothing else changes what a run remembers.

import type { PendingApproval, Ruling } from "../approval.ts";
import type { Denial, Interrupted, ModelCall, Pending, Reply, Ticket, Unserved } from "../call.ts";
import type { Compensated } from "../effect.ts";
import type { LedgerTotals, Outcome } from "../outcome.ts";
import type { Answers, PendingQuestions, Question } from "../question.ts";
import type { ToolAnswered, ToolAskedResult } from "../tool-call.ts";
import type { Opened } from "./snapshot.ts";
import type { UserMessage } from "./order.ts";
import type { CalledOff, Wait } from "./state.ts";

export type RunFact =
  | { readonly kind: "opened"; readonly opened: Opened }
  /** The call as it is scheduled: what was decided travels in it. A rebuilt transcript repeats it unchanged. */
  | { readonly kind: "asked"; readonly call: ModelCall }
  | Reply
  | Denial
  | Interrupted
  /** The opening or the call threw, with the code of the outer failure. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | Ticket
  | { readonly kind: "looks"; readonly giveUp: boolean }
  | Pending
  | Unserved
  | { readonly kind: "toolBegan"; readonly callId: string }
  | ToolEnded
  | ToolLost
  | ToolAsked
  | { readonly kind: "questionsPut"; readonly pending: readonly PendingQuestions[] }
  /** `answers`: null where nobody answered in time. */
  | {
      readonly kind: "questionsAnswered";
      readonly callId: string;
      readonly round: number;
      readonly answers: Answers | null;
      /** Null where nobody answered. */
      readonly by: string | null;
    }
  | { readonly kind: "personAsked"; readonly pending: readonly PendingApproval[] }
  | { readonly kind: "ruled"; readonly callId: string; readonly ruling: Ruling }
  | { readonly kind: "said"; readonly message: UserMessage }
  | { readonly kind: "paused" }
  /** A person lets it go on, perhaps with more money: as much of it as the operator allows. */
  | { readonly kind: "resumed"; readonly by?: string; readonly addMicroUsd?: number }
  /** A cap may have been raised. */
  | { readonly kind: "lookedAgain" }
  | { readonly kind: "waits"; readonly wait: Wait }
  /** Its time is over, and nothing else has ended it. */
  | { readonly kind: "waited" }
  | { readonly kind: "calledOff"; readonly by: CalledOff }
  /** One effect is being taken back; what the run comes to is settled. */
  | { readonly kind: "compensationBegan"; readonly callId: string; readonly outcome: Outcome }
  | Compensated
  | { readonly kind: "closing"; readonly outcome: Outcome; readonly durationMs: number }
  | { readonly kind: "closed"; readonly ledger: LedgerTotals };

export interface ToolEnded {
  readonly kind: "toolEnded";
  readonly callId: string;
  readonly ref: string;
  /** The beginning of what the model sees. */
  readonly found: string;
  /** Absent where what the call was for has happened. */
  readonly effect?: "none" | "unknown";
}

/** The tool's activity failed: what the tool did is known only if it does nothing. */
export interface ToolLost {
  readonly kind: "toolLost";
  readonly callId: string;
  /** Empty where the failure has none. */
  readonly code: string;
  readonly message: string;
}

/** The tool asks a person before it goes on; nothing has taken effect. */
export interface ToolAsked {
  readonly kind: "toolAsked";
  readonly callId: string;
  readonly questions: readonly Question[];
  readonly resume: string | null;
}

export function toolCameTo(result: ToolAnswered | ToolAskedResult): ToolEnded | ToolAsked {
  if (!("asks" in result)) return toolEnded(result);
  const { callId, asks, resume } = result;
  return { kind: "toolAsked", callId, questions: asks, resume };
}

/** What is known of the answers of a tool, for a run that stops before the model spoke. */
const FOUND_CHARS = 2000;

function toolEnded({ callId, ref, content, effect }: ToolAnswered): ToolEnded {
  const found = content.slice(0, FOUND_CHARS);
  return { kind: "toolEnded", callId, ref, found, ...(effect !== undefined && { effect }) };
}
