// All that a run remembers: what continue-as-new carries, what the client folds from history, and nothing else.
// References, counts and short texts, no bodies; no Map, Set, Date or undefined, since it travels as JSON.

import type { DecidedApproval, PendingApproval } from "../approval.ts";
import type { Author } from "../authors.ts";
import type { Denial, Entry, Estimated, ModelCall, ProviderFailure, Ticket } from "../call.ts";
import type { Effect } from "../effect.ts";
import type { LimitHit, Warning } from "../limits.ts";
import type { LedgerTotals, Limit, Outcome } from "../outcome.ts";
import type { WaitReason } from "../run-event.ts";
import type { Aside } from "../purpose.ts";
import type { Tier } from "../prices.ts";
import type { Heard, PendingQuestions, Question } from "../question.ts";
import type { ToolCall } from "../tool.ts";
import type { Usage } from "../usage.ts";
import type { Clearance } from "../tool-call.ts";
import type { UserMessage } from "./order.ts";
import type { Snapshot } from "./snapshot.ts";

export interface RunState {
  readonly startedAtMs: number;
  /** 0 for the first history of the run, 1 for the next. */
  readonly execution: number;
  readonly mail: Mail;
  readonly paused: boolean;
  /** True once the run has waited for a person: it is likely to do so again. */
  readonly waitedForPerson: boolean;
  readonly calledOff: CalledOff | null;
  /** What is shown of the last wait, until a reply comes or a person ends it. */
  readonly wait: Wait | null;
  readonly phase: Phase;
  /** Rules of input that were met, by name; absent where there are none. */
  readonly flagged?: readonly string[];
  /** Null until the agent is pinned. */
  readonly memory: Memory | null;
}

export interface Memory {
  readonly snapshot: Snapshot;
  /** The transcript that holds the snapshot alone: every branch begins there. */
  readonly genesis: string;
  readonly taskRef: string;
  readonly counts: Counts;
  readonly talk: Talk;
  readonly models: Models;
  readonly summaries: Summaries;
  readonly warnings: Warnings;
  readonly people: People;
  readonly effects: Effects;
}

/** `clock`: the wall clock of the run is over. */
export type CalledOff = "cancel" | "clock";

export interface Mail {
  readonly unread: readonly UserMessage[];
  /** Of the messages that came last, so that none is taken twice. */
  readonly ids: readonly string[];
}

export interface Counts {
  readonly turn: number;
  /** Requests sent. */
  readonly attempts: number;
  readonly toolCalls: number;
  readonly usage: Usage;
  /** Why some of it is not counted but estimated; empty where all is counted. */
  readonly estimated: readonly Estimated[];
  readonly spentMicroUsd: number;
  readonly crashTaxMicroUsd: number;
  /** Null before the first. */
  readonly lastReply: { readonly model: string; readonly costMicroUsd: number } | null;
  /** As the worker last saw it. */
  readonly costCapMicroUsd: number;
  /** How the provider failed the last attempt, where no reply has come since. */
  readonly failure: ProviderFailure | null;
  /** What the operator allows any run, as a worker last saw it. */
  readonly operatorCapMicroUsd: number;
  /** What people have added to the caller's cap. */
  readonly addedMicroUsd: number;
  /** How often a person let a run that was parked at a limit go on: each time with one more share. */
  readonly extensions: number;
  /** Replies by model id. */
  readonly models: Readonly<Record<string, number>>;
  readonly offlineReplies: number;
  readonly freeReplies: number;
}

export interface Talk {
  /** The transcript up to the last reply, as the hash of its chain. */
  readonly head: string;
  /** Tokens that the transcript up to `head` is known to weigh, and the model by whose count. */
  readonly headTokens: number;
  readonly weighedBy: string;
  /** What is new since `head`, for the next call to take along. */
  readonly entries: readonly Entry[];
  /** True where the transcript ends with a note of ours: then only the model may speak. */
  readonly endsWithNote: boolean;
  /** The newest reply, where it called tools. */
  readonly asking: { readonly ref: string; readonly calls: readonly CallNames[] } | null;
  /** True where only the answers to these may be told: the provider has a call open as well. */
  readonly onlyAnswers: boolean;
  readonly trouble: Trouble | null;
  /** What the model said last, over all replies that continue one another. */
  readonly answer: string | null;
  /** True where what it says next continues the answer. */
  readonly answerIsCut: boolean;
  /** What the tools found last, for a run that stops before the model spoke. */
  readonly findings: string | null;
  /** Calls of all replies that nobody executed: of unknown tools, denied ones, or with no arguments to be read. */
  readonly refusedCalls: number;
}

/** What a call is named by us, and by the provider. */
export type CallNames = Pick<ToolCall, "callId" | "toolUseId">;

/** What was wrong with the newest reply, and how often in a row. */
export interface Trouble {
  readonly kind: "empty" | "cut" | "paused" | "unreadable";
  readonly times: number;
}

export interface Models {
  /** The tier that the run was given to; null while nobody chose. */
  readonly choice: TierChoice | null;
  /** The call before. `inVain`: its reply is none of the conversation, another model is asked the same. */
  readonly last: {
    readonly model: string;
    readonly wanted: string;
    readonly why: string;
    readonly inVain: boolean;
  };
  /** Replies in a row that called tools. */
  readonly toolTurns: number;
  /** Who wrote the replies of the transcript, from the first to the last. */
  readonly authors: readonly Author[];
  readonly away: readonly Away[];
  /** They refused this conversation, and are not asked about it again. */
  readonly refused: readonly string[];
  /** A reply of its can't be read by another. */
  readonly boundTo: string | null;
  /** By the model that was wanted: who serves instead. */
  readonly standIns: Readonly<Record<string, string>>;
  /** What stand-ins cost more than the wanted model would have, since it left; below 0 where less. */
  readonly extraMicroUsd: number;
}

/** The tier that a run was given to. */
export interface TierChoice {
  readonly tier: Tier;
  readonly why: string;
}

export interface Away {
  readonly model: string;
  readonly reason: "down" | "overloaded" | "retired" | "unfit";
  readonly message: string;
  readonly untilMs: number;
  /** While another serves, it is not tried before. */
  readonly returnAtMs: number;
  readonly times: number;
}

export interface Summaries {
  /** Tokens of the first prompt, which no summary makes fewer; null before the first reply. */
  readonly openingTokens: number | null;
  /** What people said and the model has read: the newest of it. */
  readonly said: readonly string[];
  /** Tools whose answers the model has read. */
  readonly sources: readonly string[];
  /** True where the next step did not fit into a request. */
  readonly tooLong: boolean;
  /** How often what is to be summed up did not fit into a request itself. */
  readonly shortened: number;
  /** What the server of the model has said that a request may hold; null while it has said nothing. */
  readonly contextTokens: number | null;
  /** Why there was no summary, each time in a row. */
  readonly failures: readonly string[];
}

/** `due`: a shared cap that a reply brought word of. `untold`: logged, and the model has not read of it. */
export type Warnings = readonly {
  readonly warning: Warning;
  readonly stage: "due" | "untold" | "told";
}[];

export interface People {
  /** Tools that a person approved for the rest of the run. */
  readonly always: readonly string[];
  /** The newest decisions, so that one which comes twice is known in a fresh history too. */
  readonly settled: readonly SettledCall[];
}

/** What tools changed in the world: in the order in which they ended. */
export interface Effects {
  readonly done: readonly Effect[];
  /** Older ones, for which there was no room. */
  readonly forgotten: number;
}

export interface SettledCall {
  readonly callId: string;
  /** Of its questions; absent of an approval. */
  readonly round?: number;
  readonly verdict: DecidedApproval["verdict"] | "answered";
}

/** Why a run stands still; also what people are shown of it. */
export interface Wait {
  readonly reason: WaitReason;
  readonly message: string;
  /** ISO 8601; null where only a person can end the wait. */
  readonly nextAttemptAt: string | null;
  /** The limit at which it is parked; null where it is at none. */
  readonly limit: Limit | null;
}

export type Phase =
  | { readonly kind: "opening" }
  | { readonly kind: "ready"; readonly since: Since }
  | Asking
  | InLane
  | Answering
  | Stopping
  | Compensating
  | Closing
  | (Omit<Closing, "kind"> & { readonly kind: "closed"; readonly ledger: LedgerTotals });

/** The run ends, and takes back what it did. */
export interface Compensating {
  readonly kind: "compensating";
  readonly outcome: Outcome;
  /** Under way; null between two. */
  readonly callId: string | null;
}

export interface Closing {
  readonly kind: "closing";
  readonly outcome: Outcome;
  /** From the start of the run. */
  readonly durationMs: number;
}

export interface Asking {
  readonly kind: "asking";
  readonly call: ModelCall;
  /** Messages that this call does not take along. */
  readonly unheard: number;
  /** Waits of a run that stops, or batches that were lost, before this call. */
  readonly tries: number;
}

export interface InLane extends Omit<Asking, "kind"> {
  readonly kind: "inLane";
  readonly ticket: Ticket;
  readonly looks: number;
  readonly step: "wait" | "look" | "looking";
  readonly leaving: Leaving | null;
  readonly message: string | null;
}

/** Why a batch is left before it ended. */
export type Leaving = "calledOff" | "interrupted" | "late";

export interface Answering {
  readonly kind: "answering";
  /** The reply that asks for the calls. */
  readonly ref: string;
  readonly turn: number;
  readonly calls: readonly CallState[];
}

/** What a call may do is settled once, when its reply is folded. */
export type CallState = ToolCall & CallStage;

export type CallStage =
  | { readonly kind: "cleared"; readonly clearance: Clearance; readonly heard?: Heard }
  | { readonly kind: "toAsk"; readonly reason: string }
  | { readonly kind: "asked"; readonly pending: PendingApproval }
  | { readonly kind: "running"; readonly clearance: Clearance; readonly heard?: Heard }
  /** Its tool wants to know something; nobody was told yet. */
  | (Asks & { readonly kind: "asks"; readonly round: number })
  | (Asks & { readonly kind: "questioned"; readonly pending: PendingQuestions })
  | { readonly kind: "answered"; readonly entry: Entry; readonly found: string };

interface Asks {
  readonly clearance: Clearance;
  readonly questions: readonly Question[];
  readonly resume: string | null;
}

/** The run stops; its last words are asked for, or come. */
export interface Stopping {
  readonly kind: "stopping";
  readonly stop: LimitHit;
  /** How often its turn had not come. */
  readonly waited: number;
  readonly last:
    | { readonly kind: "over" }
    | { readonly kind: "inLine"; readonly denial: Denial }
    | { readonly kind: "waits"; readonly wait: Wait }
    | { readonly kind: "waited" };
}

/** What happened last; the next step follows from it. */
export type Since =
  | { readonly kind: "start" }
  | { readonly kind: "replied"; readonly stopReason: string; readonly category: string | null }
  | { readonly kind: "answered" }
  | { readonly kind: "handedOn" }
  | { readonly kind: "lost" }
  | { readonly kind: "summed" }
  | { readonly kind: "unsummed" }
  /** Whatever came of it. */
  | { readonly kind: "aside"; readonly of: Aside["kind"] }
  /** `elsewhere`: another model may be asked. `madeRoom`: a shorter conversation may fit. */
  | {
      readonly kind: "denied";
      readonly denial: Denial;
      readonly elsewhere: boolean;
      readonly madeRoom: boolean;
    }
  /** A stand-in took for wrong what the model that is wanted may take. */
  | { readonly kind: "unfit"; readonly code: string; readonly message: string }
  /** `stoppable`: an interrupt that stands beside it is what stopped the call. */
  | {
      readonly kind: "failed";
      readonly code: string;
      readonly message: string;
      readonly stoppable: boolean;
    }
  /** `live`: the batch lane is not tried again for this step. */
  | { readonly kind: "unserved"; readonly tries: number; readonly live: boolean }
  | { readonly kind: "waits"; readonly wait: Wait }
  /** `limit`: at which it waited, and a person may still let it go on with a share more. */
  | { readonly kind: "waited"; readonly limit: Limit | null };

export function newRun(startedAtMs: number): RunState {
  return {
    startedAtMs,
    execution: 0,
    mail: { unread: [], ids: [] },
    paused: false,
    waitedForPerson: false,
    calledOff: null,
    wait: null,
    phase: { kind: "opening" },
    memory: null,
  };
}
