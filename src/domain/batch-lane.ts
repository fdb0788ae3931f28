// The batch lane: a run whose caller can wait buys its replies at half price and gets each within a
// day. Its rules of time; the words of such a call are those of any other (call.ts).

/** Of the snapshot; absent where the run does not use the lane. */
export interface BatchTerms {
  /** When a batch is looked at first; the waits between two looks grow from there. */
  readonly firstLookMs: number;
  /** From the start of the run; null means as long as the provider takes. */
  readonly canWaitForMs: number | null;
}

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
