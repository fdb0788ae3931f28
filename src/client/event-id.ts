// Where an event stands in the story of a run, and what a viewer holds once it has seen it.
//
// `<execution>.<historyEventId>[.<attempt>.<offset>[.<step>]]`, ordered component by component; what is left
// out counts as 0. A step is a sign of life behind that text, of what is no text. Three readings of the two
// before it:
//   - attempt 0: the offset numbers the events that one history event gave rise to, by their role;
//   - attempt n ≥ 1: `offset` UTF-16 units of attempt n's text have been shown;
//   - offset ≥ RETRY_OFFSET: the same, and the viewer knows that attempt n is over.

import { PawlError } from "../domain/errors.ts";

export interface EventId {
  /** 0 for the first history of the run; one that was reset counts, and so does the one that took its place. */
  readonly execution: number;
  readonly historyEventId: number;
  readonly attempt: number;
  readonly offset: number;
  readonly step?: number;
}

/** Above any length of text, so that the news of a failed attempt sorts behind all of its text. */
export const RETRY_OFFSET = 2 ** 32;

const SHAPE = /^(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9})\.(\d{1,12})(?:\.(\d{1,9}))?)?$/;

/** Throws PawlError USAGE where the text is no event id. */
export function parseEventId(text: string): EventId {
  const match = SHAPE.exec(text);
  if (match === null) {
    throw new PawlError(
      "USAGE",
      `"${text}" is not an event id; they look like 0.11 or 0.11.1.240.`,
    );
  }
  const [execution = 0, historyEventId = 0, attempt = 0, offset = 0, step = 0] = match
    .slice(1)
    .map((digits) => Number(digits ?? 0));
  return { execution, historyEventId, attempt, offset, ...(step > 0 && { step }) };
}

export function formatEventId(id: EventId): string {
  const place = `${id.execution}.${id.historyEventId}`;
  const step = id.step === undefined ? "" : `.${id.step}`;
  if (id.attempt === 0 && id.offset === 0 && step === "") return place;
  return `${place}.${id.attempt}.${id.offset}${step}`;
}

/** Negative where `a` comes before `b`, 0 only where they are the same event. */
export function compareEventIds(a: EventId, b: EventId): number {
  return (
    a.execution - b.execution ||
    a.historyEventId - b.historyEventId ||
    a.attempt - b.attempt ||
    a.offset - b.offset ||
    (a.step ?? 0) - (b.step ?? 0)
  );
}
