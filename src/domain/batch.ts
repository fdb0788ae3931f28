// The words of a batch: many tasks as one durable workflow, each a run of its own. What lies in
// Temporal history follows the rule of run.ts: fields are only ever added, and new ones are optional.

import type { HistoryMarks } from "./run/snapshot.ts";
import type { RunInput } from "./run/carried.ts";
import { ACCOUNT_LIMITS, type Limit, type Outcome } from "./outcome.ts";

export const BATCH_ITEMS_MAX = 100_000;
export const BATCH_CONCURRENCY_MAX = 200;

const BATCH_PREFIX = "batch_";

export type OutcomeKind = Outcome["kind"];
export type EndedCounts = Readonly<Record<OutcomeKind, number>>;

export const NONE_ENDED: EndedCounts = {
  answered: 0,
  stopped: 0,
  refused: 0,
  cancelled: 0,
  failed: 0,
};

/** The items lie in the store: ten thousand tasks fit no payload. */
export interface BatchInput {
  readonly batchId: string;
  readonly tenant: string;
  /** Of the whole order; names the set of items in the store. */
  readonly digest: string;
  readonly items: number;
  /** Runs under way at once. */
  readonly concurrency: number;
  readonly capMicroUsd: number | null;
  /** Set where the batch goes on in a fresh history. */
  readonly resumed?: BatchState;
}

export interface BatchState {
  readonly marks: HistoryMarks;
  readonly startedAtMs: number;
  /** Items that were begun: the first of them. */
  readonly begun: number;
  /** Runs that an earlier history has begun and not seen the end of, by position. */
  readonly leftOver: readonly number[];
  readonly ended: EndedCounts;
  /** Why no further item is begun: none could be paid. */
  readonly stop: { readonly limit: Limit; readonly message: string } | null;
}

export interface BatchItem {
  /** Place in the file, from 1. */
  readonly position: number;
  readonly digest: string;
  readonly input: RunInput;
}

export type BatchOutcome =
  { readonly kind: "finished" } | Extract<Outcome, { kind: "stopped" | "cancelled" }>;

/** What a batch returns, and what `--json` prints last. */
export interface BatchResult {
  readonly type: "batch";
  readonly batchId: string;
  readonly outcome: BatchOutcome;
  readonly items: number;
  readonly ended: EndedCounts;
  readonly notStarted: number;
  /** Everything charged to the batch. */
  readonly costUsd: number;
  readonly durationMs: number;
}

/** One line of the results. */
export interface ItemResult {
  readonly id: string;
  /** Null where the item was never begun. */
  readonly runId: string | null;
  readonly outcome: Outcome;
  readonly answer: string | null;
  readonly partial: boolean;
  readonly costUsd: number;
}

export function batchIdOf(unique: string): string {
  return `${BATCH_PREFIX}${unique}`;
}

export function isBatchId(id: string): boolean {
  return id.startsWith(BATCH_PREFIX);
}

/** The same item of the same batch is the same run, whoever begins it. */
export function itemRunId(batchId: string, position: number): string {
  return `run_${batchId.slice(BATCH_PREFIX.length)}_${String(position).padStart(5, "0")}`;
}

export function openingBatch(marks: HistoryMarks, startedAtMs: number): BatchState {
  return { marks, startedAtMs, begun: 0, leftOver: [], ended: NONE_ENDED, stop: null };
}

const OWN: readonly Limit[] = ["cost"];
const SHARED: readonly Limit[] = [...ACCOUNT_LIMITS, "provider_spend"];

export function withBegun(state: BatchState, { position }: BatchItem): BatchState {
  return { ...state, begun: position };
}

/** What one item can't pay because of a cap that all share, the next can't pay either. */
export function withEnd(state: BatchState, outcome: Outcome): BatchState {
  const { kind } = outcome;
  const ended = { ...state.ended, [kind]: state.ended[kind] + 1 };
  const isShared =
    kind === "stopped" && SHARED.includes(outcome.limit) && !OWN.includes(outcome.limit);
  if (!isShared || state.stop !== null) return { ...state, ended };
  const { limit, message } = outcome;
  return { ...state, ended, stop: { limit, message } };
}

export function endedCount(ended: EndedCounts): number {
  return Object.values(ended).reduce((sum, count) => sum + count, 0);
}
