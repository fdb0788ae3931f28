// What one viewer holds of one model call, and what it must be told next. Pure.
//
// Invariant: whoever joins the text of all deltas, and drops it at every withdrawal, holds a prefix
// of the text of `view.attempt`, exactly `view.shown` units long; after `finishReply`, all of it.
// A delta that would leave a gap is never told: its text comes with the finish.

import type { DeltaRow, MarkDelta, TextDelta, Writing } from "../store/deltas.ts";
import { type EventId, RETRY_OFFSET } from "./event-id.ts";

export interface ReplyView {
  /** The newest attempt known; 0 while none is. */
  readonly attempt: number;
  readonly shown: number;
  /** The viewer knows that `attempt` is over. */
  readonly failed: boolean;
}

export type ReplyStep =
  | {
      readonly kind: "delta";
      readonly attempt: number;
      readonly end: number;
      readonly text: string;
    }
  | {
      readonly kind: "progress";
      readonly attempt: number;
      readonly shown: number;
      readonly writing: Writing;
    }
  | { readonly kind: "withdrawn"; readonly attempt: number; readonly next: number }
  | {
      readonly kind: "retrying";
      readonly attempt: number;
      readonly shown: number;
      readonly code: string;
      readonly message: string;
      readonly nextAttemptAt: string | null;
    };

export interface ReplyChange {
  readonly view: ReplyView;
  readonly steps: readonly ReplyStep[];
}

/** A viewer that resumes inside the call holds what its last event id says. */
export function openReplyView(resumedAt: EventId | null): ReplyView {
  if (resumedAt === null || resumedAt.attempt === 0) return { attempt: 0, shown: 0, failed: false };
  const failed = resumedAt.offset >= RETRY_OFFSET;
  const shown = failed ? resumedAt.offset - RETRY_OFFSET : resumedAt.offset;
  return { attempt: resumedAt.attempt, shown, failed };
}

export function applyRow(view: ReplyView, row: DeltaRow): ReplyChange {
  if (row.attempt < view.attempt) return { view, steps: [] };
  const moved = row.attempt > view.attempt ? nextAttempt(view, row.attempt) : { view, steps: [] };
  const { view: after, steps } =
    row.kind === "text" ? text(moved.view, row) : mark(moved.view, row);
  return { view: after, steps: [...moved.steps, ...steps] };
}

/** The reply is whole: what the viewer lacks of it. `final` is null where the call gave no reply. */
export function finishReply(
  view: ReplyView,
  final: { readonly attempt: number; readonly text: string } | null,
): { readonly withdraw: boolean; readonly rest: string } {
  if (final === null) return { withdraw: view.shown > 0, rest: "" };
  const goesOn = view.attempt === final.attempt && view.shown <= final.text.length;
  return goesOn
    ? { withdraw: false, rest: final.text.slice(view.shown) }
    : { withdraw: view.shown > 0, rest: final.text };
}

/** An attempt that ended without a mark was lost with its process. */
function nextAttempt(view: ReplyView, attempt: number): ReplyChange {
  const steps: ReplyStep[] = [];
  if (view.attempt > 0 && !view.failed) {
    steps.push({
      kind: "retrying",
      attempt: view.attempt,
      shown: view.shown,
      code: "ATTEMPT_LOST",
      message: "the attempt ended without a word, as when its worker dies",
      nextAttemptAt: null,
    });
  }
  if (view.shown > 0) steps.push({ kind: "withdrawn", attempt: view.attempt, next: attempt });
  return { view: { attempt, shown: 0, failed: false }, steps };
}

function text(view: ReplyView, row: TextDelta): ReplyChange {
  const end = row.offset + row.text.length;
  if (row.offset > view.shown || end <= view.shown) return { view, steps: [] };
  const fresh = row.text.slice(view.shown - row.offset);
  return {
    view: { ...view, shown: end },
    steps: [{ kind: "delta", attempt: view.attempt, end, text: fresh }],
  };
}

function mark(view: ReplyView, row: MarkDelta): ReplyChange {
  if (row.mark.kind === "started" || view.failed) return { view, steps: [] };
  const { attempt, shown } = view;
  if (row.mark.kind === "writing") {
    return { view, steps: [{ kind: "progress", attempt, shown, writing: row.mark.writing }] };
  }
  // A reply has no progress but what it writes.
  if (row.mark.kind === "progress") return { view, steps: [] };
  const { code, message, nextAttemptAt } = row.mark;
  if (nextAttemptAt === null) return { view, steps: [] };
  return {
    view: { ...view, failed: true },
    steps: [{ kind: "retrying", attempt, shown, code, message, nextAttemptAt }],
  };
}
