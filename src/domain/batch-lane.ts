// The batch lane: a run whose caller can wait buys its replies at half price and gets each within a
// day. The words in which its workflow and its activities speak of it (all of these live in history:
// fields are only ever added, and new ones are optional), and its rules of time.

import type { CallModelInput, Denial, Reply } from "./run.ts";

/** Of the snapshot; absent where the run does not use the lane. */
export interface BatchTerms {
  /** When a batch is looked at first; the waits between two looks grow from there. */
  readonly firstLookMs: number;
  /** From the start of the run; null means as long as the provider takes. */
  readonly canWaitForMs: number | null;
}

/** A call that was submitted, under the identity of the attempt that did it. */
export interface BatchTicket {
  readonly kind: "submitted";
  readonly callKey: string;
  readonly attempt: number;
  /** Null where the answer to the submission was lost: it must be looked for. */
  readonly providerBatchId: string | null;
  /** ISO 8601: the batch was created between these, if it was. */
  readonly sentAfter: string;
  readonly sentBefore: string;
}

export type SubmitBatchResult = BatchTicket | Denial | Reply;

export interface CollectBatchInput {
  readonly call: CallModelInput;
  readonly ticket: BatchTicket;
  /** The run waits no longer: the batch is cancelled, and what it did deliver is brought home. */
  readonly giveUp: boolean;
}

export interface BatchPending {
  readonly kind: "pending";
  readonly message: string;
}

/** The batch gave no reply, and will give none. */
export interface BatchUnserved {
  readonly kind: "unserved";
  readonly code: "BATCH_ERRORED" | "BATCH_EXPIRED" | "BATCH_CANCELED" | "BATCH_LOST" | "BATCH_LEFT";
  readonly message: string;
  /** Charged for it. */
  readonly crashTaxMicroUsd: number;
}

export type CollectBatchResult = Reply | BatchPending | BatchUnserved;

const GROWTH = 1.5;
/** Fifteen minutes with the default first look of 15 s. */
const LOOKS_GROW_TO = 60;

/** How long to wait before the next look, after so many in vain. */
export function nextLookMs({ firstLookMs }: BatchTerms, looks: number): number {
  return Math.round(firstLookMs * Math.min(LOOKS_GROW_TO, GROWTH ** looks));
}

/** The provider gives a batch up after a day; what has no result an hour later will have none. */
const BATCH_LIFE_MS = 25 * 3_600_000;

export function batchOverAtMs(submittedAtMs: number): number {
  return submittedAtMs + BATCH_LIFE_MS;
}

/** Of the time that there is, so much is kept for calls at full price. */
const SHARE_KEPT = 0.25;
const KEPT_MS_MAX = 900_000;

/** Until when the run waits for batches; null means without end. */
export function waitsUntilMs(
  terms: BatchTerms,
  wallClockMs: number | null,
  startedAtMs: number,
): number | null {
  const spans = [terms.canWaitForMs, wallClockMs].filter((span) => span !== null);
  if (spans.length === 0) return null;
  const span = Math.min(...spans);
  return startedAtMs + span - Math.min(KEPT_MS_MAX, span * SHARE_KEPT);
}
