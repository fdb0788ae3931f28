// All that a run must remember between two turns, and the pure rules by which it changes. This is
// what continue-as-new carries, so it holds references and counts, not bodies.

import type { DecidedApproval } from "./approval.ts";
import { fittingText } from "./json-size.ts";
import type { Limits, Used, Warning } from "./limits.ts";
import { textOf } from "./message.ts";
import { isHandedOn, noteModel, openCourse, type Course } from "./model-course.ts";
import type { Limit, Outcome, RunResult } from "./outcome.ts";
import type { Entry, Reply } from "./call.ts";
import type { CloseRunResult, OpenRunResult, Snapshot, UserMessage } from "./run.ts";
import { addUsage, NO_USAGE, promptTokens, totalTokens, type Usage } from "./usage.ts";

/** The answer travels with the task and the snapshot in one payload of at most 2 MiB. */
const ANSWER_BYTES_MAX = 1_000_000;
const ANSWER_CUT = "\n[cut here: the answer is longer than a result can be]";
const FINDINGS_BYTES_MAX = 64_000;

export interface RunState {
  readonly snapshot: Snapshot;
  /** 0 for the first history of the run, 1 for the next. */
  readonly execution: number;
  readonly startedAtMs: number;
  /** The transcript up to the last reply, as the hash of its chain. */
  head: string;
  /** Tokens that the transcript up to `head` is known to weigh. */
  headTokens: number;
  /** What is new since `head`, for the next call to take along. */
  entries: readonly Entry[];
  turn: number;
  modelCalls: number;
  modelAttempts: number;
  toolCalls: number;
  usage: Usage;
  spentMicroUsd: number;
  crashTaxMicroUsd: number;
  costCapMicroUsd: number;
  /** How often a person let a run that was parked at a limit go on: each time with one more share. */
  extensions: number;
  models: Readonly<Record<string, number>>;
  nearCaps: readonly Warning[];
  warned: readonly Limit[];
  /** Warnings that the model has not been told of yet. */
  untold: readonly Warning[];
  /** True where the transcript ends with a note of ours: then only the model may speak. */
  endsWithNote: boolean;
  /** What the model said last, over all replies that continue one another. */
  answer: string | null;
  /** What the tools found last, for a run that stops before the model spoke. */
  findings: string | null;
  /** Replies cut by `max_tokens` in a row. */
  continued: number;
  /** What the model stumbled over last, and how often in a row. */
  stumble: { readonly over: Stumble; readonly times: number } | null;
  paused: boolean;
  /** Which model is called; absent where there is but one. */
  course?: Course;
  /** Tools that a person approved for the rest of the run. */
  alwaysApproved?: readonly string[];
  /** The newest decisions, so that one which comes twice is known in a fresh history too. */
  settledCalls?: readonly SettledCall[];
  /** True once the run has waited for a person: it is likely to do so again. */
  waitedForPerson?: boolean;
  /** Set where the run goes on in a fresh history. */
  inbox?: CarriedInbox;
  /** Set where the run may go on from a summary of itself. */
  compaction?: Compaction;
}

/** What a branch of the transcript is made of (compaction.ts). */
export interface Compaction {
  /** The transcript that holds the snapshot alone: every branch begins there. */
  readonly genesis: string;
  readonly taskRef: string;
  /** Tokens of the first prompt, which no summary makes fewer; null before the first reply. */
  readonly openingTokens: number | null;
  /** The newest reply, where it called tools, and its calls. */
  readonly asking: string | null;
  readonly openCalls: readonly string[];
  /** True where only the answers to these may be told: the provider has a call open as well. */
  readonly onlyAnswers: boolean;
  /** What people said and the model has read: the newest of it. */
  readonly said: readonly string[];
  /** Tools whose answers the model has read. */
  readonly sources: readonly string[];
  /** True where the next step did not fit into a request. */
  readonly tooLong: boolean;
  /** Why there was no summary, each time in a row. */
  readonly failures: readonly string[];
}

export interface CarriedInbox {
  readonly unread: readonly UserMessage[];
  /** Of the messages that came last, so that none is taken twice. */
  readonly ids: readonly string[];
  readonly saidFull: boolean;
}

export interface SettledCall {
  readonly callId: string;
  readonly verdict: DecidedApproval["verdict"];
}

export type Stumble = "empty_reply" | "provider_pause" | "unreadable_call";

export function openingState(opened: OpenRunResult, startedAtMs: number): RunState {
  const maySumUp = opened.snapshot.compactAtTokens !== undefined;
  const course = openCourse(opened.snapshot);
  return {
    snapshot: opened.snapshot,
    execution: 0,
    startedAtMs,
    head: opened.head,
    headTokens: 0,
    entries: [{ ref: opened.taskRef }],
    turn: 0,
    modelCalls: 0,
    modelAttempts: 0,
    toolCalls: 0,
    usage: NO_USAGE,
    spentMicroUsd: 0,
    crashTaxMicroUsd: 0,
    costCapMicroUsd: opened.snapshot.limits.costMicroUsd,
    extensions: 0,
    models: {},
    nearCaps: [],
    warned: [],
    untold: [],
    endsWithNote: false,
    answer: null,
    findings: null,
    continued: 0,
    stumble: null,
    paused: false,
    ...(course === null ? {} : { course }),
    ...(maySumUp ? { compaction: openingCompaction(opened) } : {}),
  };
}

function openingCompaction({ head, taskRef }: OpenRunResult): Compaction {
  return {
    genesis: head,
    taskRef,
    openingTokens: null,
    asking: null,
    openCalls: [],
    onlyAnswers: false,
    said: [],
    sources: [],
    tooLong: false,
    failures: [],
  };
}

/** How often in a row the model has now stumbled over this; another cause starts another count. */
export function stumbled(state: RunState, over: Stumble): number {
  const times = state.stumble?.over === over ? state.stumble.times + 1 : 1;
  state.stumble = { over, times };
  return times;
}

const EXTENDED: readonly Limit[] = ["tokens", "model_calls", "tool_calls"];

/** A person let the run go on. Money is not theirs to extend here, nor is what others share. */
export function letGoOn(state: RunState, limit: Limit): void {
  if (EXTENDED.includes(limit)) state.extensions += 1;
}

/** The limits as they stand now: the cost cap as the worker last saw it, counts with extensions. */
export function limitsNow(state: RunState): Limits {
  const { limits } = state.snapshot;
  const shares = 1 + state.extensions;
  return {
    ...limits,
    costMicroUsd: state.costCapMicroUsd,
    tokens: limits.tokens * shares,
    modelCalls: limits.modelCalls * shares,
    toolCalls: limits.toolCalls * shares,
  };
}

export function used(state: RunState): Used {
  return {
    costMicroUsd: state.spentMicroUsd,
    tokens: totalTokens(state.usage),
    modelCalls: state.modelCalls,
    toolCalls: state.toolCalls,
  };
}

/** A refusal that is handed on costs what it costs, and leaves the conversation where it was. */
export function takeReply(state: RunState, reply: Reply): void {
  takeCost(state, reply);
  const handedOn = isHandedOn(state, reply);
  noteModel(state, reply);
  if (handedOn) return;
  const text = textOf(reply.message);
  state.head = reply.head;
  state.headTokens = promptTokens(reply.usage) + reply.usage.outputTokens;
  state.entries = [];
  if (text !== "") {
    const answer = state.continued > 0 ? (state.answer ?? "") + text : text;
    state.answer = fittingText(answer, ANSWER_BYTES_MAX, ANSWER_CUT);
  }
}

/**
 * It is no step of the conversation, but one of the run's replies, and costs. False where the model
 * refused and another is asked.
 */
export function takeSummary(state: RunState, reply: Reply): boolean {
  takeCost(state, reply);
  const handedOn = isHandedOn(state, reply);
  if (handedOn) noteModel(state, reply);
  return !handedOn;
}

export function takeCost(state: RunState, reply: Reply): void {
  state.modelCalls += 1;
  state.modelAttempts += reply.attempts;
  state.usage = addUsage(state.usage, reply.usage);
  state.spentMicroUsd += reply.costMicroUsd + reply.crashTaxMicroUsd;
  state.crashTaxMicroUsd += reply.crashTaxMicroUsd;
  state.costCapMicroUsd = reply.costCapMicroUsd;
  state.models = { ...state.models, [reply.model]: (state.models[reply.model] ?? 0) + 1 };
  state.nearCaps = reply.nearCaps;
}

/** Lost attempts cost, whatever comes of their call. */
export function takeTax(state: RunState, microUsd: number): void {
  state.spentMicroUsd += microUsd;
  state.crashTaxMicroUsd += microUsd;
}

export function takeFindings(state: RunState, findings: readonly string[]): void {
  state.findings = fittingText(findings.join("\n"), FINDINGS_BYTES_MAX, "…");
}

interface RunIdentity {
  readonly runId: string;
  readonly traceId: string;
}

/** What the run returns. The ledger's totals count: it knows of attempts the workflow never heard of. */
export function resultOf(
  { runId, traceId }: RunIdentity,
  state: RunState | null,
  ended: { outcome: Outcome; ledger: CloseRunResult; durationMs: number },
): RunResult {
  const { usage, turn, modelCalls, toolCalls, models, answer, findings } = state ?? NOTHING;
  const said = ended.outcome.kind === "refused" ? null : (answer ?? findings);
  return {
    type: "result",
    runId,
    traceId,
    outcome: ended.outcome,
    answer: said,
    partial: ended.outcome.kind !== "answered" && said !== null,
    usage: {
      inputTokens: promptTokens(usage),
      outputTokens: usage.outputTokens,
      cacheReadTokens: usage.cacheReadTokens,
      cacheWriteTokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
      totalTokens: totalTokens(usage),
    },
    costUsd: ended.ledger.spentMicroUsd / 1_000_000,
    crashTaxUsd: ended.ledger.crashTaxMicroUsd / 1_000_000,
    modelCalls,
    modelAttempts: ended.ledger.modelAttempts,
    toolCalls,
    serverToolCalls: usage.webSearchRequests,
    turns: turn,
    durationMs: ended.durationMs,
    models,
  };
}

/** A result with the ledger's word on what the run cost. */
export function withCosts(result: RunResult, ledger: CloseRunResult): RunResult {
  return {
    ...result,
    costUsd: ledger.spentMicroUsd / 1_000_000,
    crashTaxUsd: ledger.crashTaxMicroUsd / 1_000_000,
    modelAttempts: ledger.modelAttempts,
  };
}

/** Of a run that failed before it had an agent. */
const NOTHING = {
  usage: NO_USAGE,
  turn: 0,
  modelCalls: 0,
  toolCalls: 0,
  models: {},
  answer: null,
  findings: null,
};
