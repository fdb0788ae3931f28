// Where a moment stands on the time line. A wait of a day beside calls of seconds would leave nothing
// of the calls, so long waits are drawn shorter than they were.

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface TimeScale {
  /** 0 at the start of the run, 1 at its end. */
  at(ms: number): number;
}

/** All waits together take at most about this share, however long they were. */
const WAITS_SHARE = 0.4;

export function createTimeScale(whole: Span, waits: readonly Span[]): TimeScale {
  const merged = mergedSpans(waits, whole);
  const wholeMs = Math.max(whole.toMs - whole.fromMs, 1);
  const waitMs = merged.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const workMs = Math.max(wholeMs - waitMs, 1);
  const fit = Math.min(1, (workMs * WAITS_SHARE) / (1 - WAITS_SHARE) / Math.max(waitMs, 1));
  const drawnMs = (ms: number): number => {
    const clamped = Math.min(Math.max(ms, whole.fromMs), whole.toMs);
    const waited = merged.reduce(
      (sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(clamped, toMs) - fromMs),
      0,
    );
    return clamped - whole.fromMs - waited * (1 - fit);
  };
  // A run that did nothing but wait is drawn by the fraction of a millisecond.
  const drawnWhole = drawnMs(whole.toMs) || 1;
  return { at: (ms) => drawnMs(ms) / drawnWhole };
}

function mergedSpans(spans: readonly Span[], whole: Span): readonly Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const fromMs = Math.max(span.fromMs, whole.fromMs);
    const toMs = Math.min(span.toMs, whole.toMs);
    const last = merged.at(-1);
    if (last !== undefined && fromMs <= last.toMs) {
      merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
    } else if (toMs > fromMs) merged.push({ fromMs, toMs });
  }
  return merged;
}
