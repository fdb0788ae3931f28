// One call of a model on behalf of a run, as the workflow and its activities speak of it: what is asked and
// why, who pays, and what comes back. A step of the work, the choice of a tier, a summary and the last words
// of a run are purposes of this same call (purpose.ts).

import type { Author } from "./authors.ts";
import type { Warning } from "./limits.ts";
import type { Message } from "./message.ts";
import type { AccountLimit } from "./outcome.ts";
import type { Purpose } from "./purpose.ts";
import type { ToolCall } from "./tool.ts";
import type { Usage } from "./usage.ts";

export interface ModelCall {
  readonly turn: number;
  readonly purpose: Purpose;
  readonly lane: Lane;
  readonly payer: Payer;
  /** The transcript so far, as the hash of its chain, and what it is known to weigh (0 before the first reply). */
  readonly head: string;
  readonly headTokens: number;
  /** What is new since `head`. */
  readonly entries: readonly Entry[];
  readonly course: CallCourse;
  readonly budget: CallBudget;
  /** Caps that ran past 80 % since the last call: logged and shown. The model reads of them in `entries`. */
  readonly warnings: readonly Warning[];
  /** The provider's cache shall keep the prompt for so long; five minutes where nothing is said. */
  readonly cacheTtl?: "1h";
}

/** `live`: a stream, now. `batch`: the provider's batches, at half price and within a day. */
export type Lane = "live" | "batch";

/** Who pays, beside the run itself. */
export interface Payer {
  readonly tenant: string;
  readonly session: string;
  readonly agent: string;
  /** Accounts that the run shares by its order and not by its tenant: a batch is one. */
  readonly shares: readonly Share[];
}

export interface Share {
  /** In the ledger, as `batch/<id>`. */
  readonly key: string;
  readonly limit: AccountLimit;
  /** Null: counted, never denied. */
  readonly capMicroUsd: number | null;
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

/** Which model is called, and why it is this one. */
export interface CallCourse {
  readonly model: string;
  /** Another than `model` where that stands in for it. */
  readonly wanted: string;
  /** Why it is wanted; empty where nobody chose. */
  readonly why: string;
  /** Set where the call before went to another. */
  readonly change?: ModelChange;
  /** Who wrote the replies up to `head`, where it was not this model alone. */
  readonly authors?: readonly Author[];
  /** The model by whose count `headTokens` is, where it was another. */
  readonly weighedBy?: string;
  /** After so many attempts at a model that is overloaded or away another is asked. */
  readonly attemptsMax?: number;
}

export interface ModelChange {
  readonly from: string;
  readonly reason: ChangeReason;
  readonly message: string;
}

/** `routed`: by the policy of the run; `answers`: the small model had no tool to call. */
export type ChangeReason =
  "down" | "overloaded" | "retired" | "unfit" | "refused" | "returned" | "routed" | "answers";

export interface CallBudget {
  /** What caller and agent allow the run to cost; the operator's cap is read at the call. */
  readonly costCapMicroUsd: number | null;
  readonly spentMicroUsd: number;
  /** What the reply before this call cost; null before the first, and where another model gave it. */
  readonly lastReplyMicroUsd: number | null;
  /** What the run may still use, prompt and reply together. */
  readonly tokensLeft: number;
  /** What the server has said that a request may hold, in an earlier call. */
  readonly contextTokens?: number;
  /**
   * Calls that must stay possible behind this one. `wrap_up`: its price and its tokens are left untouched.
   * `summary`: room for it is left in the request.
   */
  readonly keepsFor: readonly ("wrap_up" | "summary")[];
}

export interface Reply {
  readonly kind: "replied";
  readonly head: string;
  readonly ref: string;
  readonly message: Message;
  readonly model: string;
  /** Simulated: it came from the offline model, whatever the run began with. */
  readonly offline: boolean;
  /** By a model that costs nothing, and nothing beside it cost either. */
  readonly free?: true;
  readonly lane: Lane;
  readonly stopReason: string;
  readonly refusalCategory?: string;
  readonly toolCalls: readonly ToolCall[];
  /** Calls whose arguments were no JSON object; the model is told instead of the tool. */
  readonly invalidCalls: readonly string[];
  readonly usage: Usage;
  /** Set where the provider's count is not what is charged, but the hold. */
  readonly estimated?: Estimated;
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

/** Stop reason of a reply that a person stopped; the provider knows no such. */
export const INTERRUPTED = "interrupted";

/**
 * Why what a reply used is not known: the run stopped it, the provider counted no tokens, or it said what no
 * answer to this request can have used.
 */
export type Estimated = "stopped" | "uncounted" | "implausible";

/** The reply was stopped by a person before there was any text of it. */
export interface Interrupted {
  readonly kind: "interrupted";
  readonly crashTaxMicroUsd: number;
}

/** The call was not made, or came to nothing by nobody's fault: not now, not here, or not within this limit. */
export type Denial = Denied & WhyDenied;

interface Denied {
  readonly kind: "denied";
  readonly message: string;
  /** ISO 8601, by the worker's clock. */
  readonly at: string;
  /** What the operator allows any run to cost, now. */
  readonly operatorCapMicroUsd?: number;
  readonly crashTaxMicroUsd: number;
  /** What the attempt before came to, where the provider failed it. */
  readonly failure?: ProviderFailure;
}

export interface ProviderFailure {
  readonly code: string;
  readonly message: string;
}

export type WhyDenied =
  /** The cap is spent, and stays so until it is raised or `resetsAt` (ISO 8601; null: never). */
  | {
      readonly why: "cap";
      readonly limit: AccountLimit;
      readonly resetsAt: string | null;
      /** Not even for the last words of a run that stops. */
      readonly leavesNothing?: true;
    }
  /** Other runs hold what is left of the cap: that passes by itself. */
  | { readonly why: "holds"; readonly limit: AccountLimit }
  /** The prompt is too long for one request, or for what the run may still use. */
  | {
      readonly why: "size";
      readonly limit: "request_tokens" | "tokens";
      readonly leavesNothing?: true;
      /** The server's own word on what a request may hold. */
      readonly contextTokens?: number;
    }
  /** The provider is well and its limits are in use, in turns: this call's comes. */
  | { readonly why: "in_line"; readonly notBefore: string }
  /** The provider wants no call of the fleet before then. */
  | { readonly why: "rate_limited"; readonly notBefore: string }
  /** This worker asks another provider than the one that the run began with. */
  | { readonly why: "provider"; readonly notBefore: string }
  /** The provider serves this model no more, or not to us. Another it may. */
  | { readonly why: "retired" }
  /** This model can't serve now: its circuit is open, or its attempts are used up. Another may. */
  | { readonly why: "down" | "overloaded"; readonly notBefore: string };

/** A call that was handed to the provider's batches, under the identity of the attempt that did it. */
export interface Ticket {
  readonly kind: "submitted";
  readonly callKey: string;
  readonly attempt: number;
  /** Null where the answer to the submission was lost: it must be looked for. */
  readonly providerBatchId: string | null;
  /** ISO 8601: the provider's batch was created between these, if it was. */
  readonly sentAfter: string;
  readonly sentBefore: string;
}

export type CallResult = Reply | Denial | Interrupted | Ticket;

/** Has the ticket's reply come? */
export interface Look {
  readonly call: ModelCall;
  readonly ticket: Ticket;
  /** The run waits no longer: the batch is taken back, and what it did deliver is brought home. */
  readonly giveUp: boolean;
}

export interface Pending {
  readonly kind: "pending";
  readonly message: string;
}

/** The batch gave no reply, and will give none. */
export interface Unserved {
  readonly kind: "unserved";
  readonly code: "BATCH_ERRORED" | "BATCH_EXPIRED" | "BATCH_CANCELED" | "BATCH_LOST" | "BATCH_LEFT";
  readonly message: string;
  readonly crashTaxMicroUsd: number;
}

export type LookResult = Reply | Pending | Unserved;
