// Tells the reply of the model call in flight: piece by piece as its attempts write it, and whole when it is there.
//
//   E2. Facts alone complete the story: rows only make it smoother, so losing them loses nothing.
//   E3. Deltas minus withdrawn text are exactly the replies, wherever the viewer resumed.
//
// People may speak meanwhile, or let the run go on: the text that follows is numbered behind what they did, whose
// id says how much of the reply the viewer held by then. All else that a history tells is told while no call is
// in flight, or behind its reply.

import type { ModelCall } from "../domain/call.ts";
import { traitsOf } from "../domain/purpose.ts";
import type { ReplyFinished } from "../domain/run-event.ts";
import type { DeltaRow } from "../store/deltas.ts";
import type { EventBody } from "./event-body.ts";
import { RETRY_OFFSET } from "./event-id.ts";
import type { Told } from "./history-facts.ts";
import {
  applyRow,
  finishReply,
  openReplyView,
  type ReplyStep,
  type ReplyView,
} from "./reply-view.ts";
import type { ToldEvents } from "./told-events.ts";

interface CallInFlight {
  readonly activityId: string;
  /** The event of the history behind which the text of the call is told. */
  readonly anchorId: number;
  readonly turn: number;
  readonly view: ReplyView;
  /** False of a reply that is meant for the run alone. */
  readonly isShown: boolean;
}

/** Whether text is withdrawn, and whether some is missing, depends on the viewer: so their places are fixed. */
const WITHDRAWN = 1;
const REST = 2;
const BEHIND = 3;

export class ReplyTeller {
  readonly #events: ToldEvents;
  #call: CallInFlight | null = null;
  #turn = 0;

  constructor(events: ToldEvents) {
    this.#events = events;
  }

  /** Whose attempts may be writing rows now. */
  get activityId(): string | null {
    return this.#call?.activityId ?? null;
  }

  get awaitsWord(): boolean {
    return this.#call?.isShown === true && this.#call.view.shown === 0;
  }

  begin({ eventId, activityId = "" }: Told, { turn, purpose }: ModelCall): void {
    const view = openReplyView(this.#events.resumedAt(eventId));
    this.#turn = turn;
    this.#call = { activityId, anchorId: eventId, turn, view, isShown: traitsOf(purpose).isShown };
  }

  rows(rows: readonly DeltaRow[]): void {
    for (const row of rows) {
      const call = this.#call;
      if (call === null) return;
      const { view, steps } = applyRow(call.view, row);
      this.#call = { ...call, view };
      for (const step of steps) this.#tellStep(call, step);
    }
  }

  finish(told: Told, finished: EventBody<ReplyFinished>): void {
    const call = this.#call;
    this.#call = null;
    const { turn, attempt } = finished;
    const text = call?.isShown === false ? "" : finished.text;
    const shown = this.#shownOf(call, told);
    const { withdraw, rest } = finishReply(shown, { attempt, text });
    if (withdraw) this.#tellWithdrawn(told, turn, shown);
    const delta = { type: "reply.delta", turn, attempt, text: rest } as const;
    if (rest !== "") this.#events.tell(told, delta, REST);
    this.#events.tell(told, { ...finished, text }, BEHIND);
  }

  /** The call gave no reply: what was shown of it is no part of the transcript. Returns the role behind this. */
  withdraw(told: Told): number {
    const call = this.#call;
    this.#call = null;
    if (call === null) return 0;
    const shown = this.#shownOf(call, told);
    if (finishReply(shown, null).withdraw) this.#tellWithdrawn(told, call.turn, shown);
    return BEHIND;
  }

  /** What people do while a reply is in flight: the text behind it is numbered behind it. */
  tellBeside(told: Told, body: EventBody): void {
    const call = this.#call;
    const { eventId, atMs } = told;
    const resumedAt = this.#events.resumedAt(eventId);
    if (call === null) {
      this.#events.tell(told, body);
      return this.#tellUnfinished(told, openReplyView(resumedAt));
    }
    const view = resumedAt === null ? call.view : openReplyView(resumedAt);
    this.#call = { ...call, view, anchorId: eventId };
    const { attempt, shown, failed } = view;
    const offset = failed ? RETRY_OFFSET + shown : shown;
    this.#events.tellAt({ ...this.#events.at(eventId), attempt, offset }, body, atMs);
  }

  /** A viewer that resumes behind the withdrawal of this very event holds nothing any more. */
  #shownOf(call: CallInFlight | null, { eventId }: Told): ReplyView {
    const isBehind = this.#events.resumedAt(eventId) !== null;
    return call === null || isBehind ? openReplyView(null) : call.view;
  }

  #tellWithdrawn(told: Told, turn: number, { attempt }: ReplyView): void {
    this.#events.tell(told, { type: "reply.withdrawn", turn, attempt }, WITHDRAWN);
  }

  /** Held by a viewer that a gateway told more of the call than there was when it ended. */
  #tellUnfinished({ eventId, atMs }: Told, { attempt, shown }: ReplyView): void {
    if (shown === 0) return;
    const behind = { ...this.#events.at(eventId), attempt: attempt + 1, offset: 0 };
    const body = { type: "reply.withdrawn", turn: this.#turn, attempt } as const;
    this.#events.tellAt(behind, body, atMs);
  }

  #tellStep({ anchorId, turn, isShown }: CallInFlight, step: ReplyStep): void {
    const at = this.#events.at(anchorId);
    const { attempt } = step;
    switch (step.kind) {
      case "delta": {
        const body = { type: "reply.delta", turn, attempt, text: step.text } as const;
        return this.#events.tellAt({ ...at, attempt, offset: step.end }, body);
      }
      case "progress": {
        if (!isShown) return;
        const { tool, chars, charsOfAll } = step.writing;
        const body = { type: "reply.progress", turn, attempt, tool, chars } as const;
        return this.#events.tellAt({ ...at, attempt, offset: step.shown, step: charsOfAll }, body);
      }
      case "withdrawn": {
        const body = { type: "reply.withdrawn", turn, attempt } as const;
        return this.#events.tellAt({ ...at, attempt: step.next, offset: 0 }, body);
      }
      case "retrying": {
        const { code, message, nextAttemptAt, shown } = step;
        const retry = { attempt, code, message, nextAttemptAt };
        const body = { type: "model.retrying", turn, ...retry } as const;
        return this.#events.tellAt({ ...at, attempt, offset: RETRY_OFFSET + shown }, body);
      }
    }
  }
}
