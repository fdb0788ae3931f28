// A viewer that comes back in the middle of a reply, perhaps from another gateway, which had cut the
// text elsewhere or seen an attempt that this one has not. Until the reply is over, what the log says
// is made to fit what this viewer holds: text it has is not told again, text it must not keep is
// withdrawn. Pure. The viewer's last event id says what it holds (event-id.ts).

import { formatEventId, parseEventId, RETRY_OFFSET, type EventId } from "../client/event-id.ts";
import { openReplyView, type ReplyView } from "../client/reply-view.ts";
import type { ReplyDelta, RunEvent } from "../domain/run-event.ts";

export interface Resumption {
  /** What the viewer must be told where the log has this event next. */
  next(event: RunEvent): readonly RunEvent[];
  /** True from when the log fits the viewer as it is. */
  readonly isOver: boolean;
}

export interface Place {
  /** The last event of the log that the viewer is taken to have seen. */
  readonly before: EventId | null;
  /** The turn that was under way by then. */
  readonly turn: number;
}

/** Null where the viewer holds no text of a reply in flight: then the log fits as it is. */
export function resumeReply(cursor: EventId | null, place: Place): Resumption | null {
  if (cursor === null || openReplyView(cursor).shown === 0) return null;
  return new ReplyResumption(cursor, place);
}

/** How much of the viewer's attempt the log has told by then. */
function shownBefore(before: EventId | null, cursor: EventId): number {
  const isSameAttempt =
    before !== null && isOfCall(before, cursor) && before.attempt === cursor.attempt;
  return isSameAttempt ? openReplyView(before).shown : 0;
}

function isOfCall(id: EventId, call: EventId): boolean {
  return id.execution === call.execution && id.historyEventId === call.historyEventId;
}

class ReplyResumption implements Resumption {
  readonly #call: EventId;
  readonly #turn: number;
  #view: ReplyView;
  /** Units of the viewer's attempt that the log has told. */
  #logged: number;
  #isOver = false;

  constructor(cursor: EventId, { before, turn }: Place) {
    this.#call = cursor;
    this.#turn = turn;
    this.#view = openReplyView(cursor);
    this.#logged = shownBefore(before, cursor);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  next(event: RunEvent): readonly RunEvent[] {
    if (this.#isOver || event.type === "message.received") return [event];
    const id = parseEventId(event.id);
    return isOfCall(id, this.#call) ? this.#inFlight(event, id) : this.#atEnd(event);
  }

  #inFlight(event: RunEvent, id: EventId): readonly RunEvent[] {
    if (event.type === "reply.withdrawn") return this.#over([event]);
    if (event.type === "model.retrying") return this.#retrying(event, id);
    if (event.type !== "reply.delta") return [event];
    if (id.attempt < this.#view.attempt) return [];
    if (id.attempt > this.#view.attempt) {
      return this.#over([this.#withdrawal(event, id.attempt), event]);
    }
    this.#logged = Math.max(this.#logged, id.offset);
    return this.#rest(event, id.offset - event.text.length);
  }

  #retrying(event: RunEvent, id: EventId): readonly RunEvent[] {
    if (id.attempt < this.#view.attempt || this.#view.failed) return [];
    if (id.attempt > this.#view.attempt) return [event];
    this.#view = { ...this.#view, failed: true };
    // The id says how much the viewer holds, which is not what the log has told.
    return [{ ...event, id: formatEventId({ ...id, offset: RETRY_OFFSET + this.#view.shown }) }];
  }

  /** The first event behind the call. Text in it goes on where the log, not the viewer, stopped. */
  #atEnd(event: RunEvent): readonly RunEvent[] {
    if (event.type === "reply.withdrawn") return this.#over([event]);
    const isSameAttempt =
      (event.type === "reply.delta" || event.type === "reply.finished") &&
      event.attempt === this.#view.attempt;
    if (isSameAttempt) {
      return this.#over(event.type === "reply.delta" ? this.#rest(event, this.#logged) : [event]);
    }
    return this.#over([this.#withdrawal(event, this.#view.attempt + 1), event]);
  }

  /** What of a delta the viewer lacks. */
  #rest(event: ReplyDelta, start: number): readonly RunEvent[] {
    const end = start + event.text.length;
    const { shown } = this.#view;
    if (end <= shown) return [];
    this.#view = { ...this.#view, shown: end };
    return start >= shown ? [event] : [{ ...event, text: event.text.slice(shown - start) }];
  }

  /** Behind all of the attempt, and before whatever comes next. */
  #withdrawal({ runId, ts }: RunEvent, nextAttempt: number): RunEvent {
    const id = formatEventId({ ...this.#call, attempt: nextAttempt, offset: 0 });
    const { attempt } = this.#view;
    return { type: "reply.withdrawn", id, runId, ts, turn: this.#turn, attempt };
  }

  #over(events: readonly RunEvent[]): readonly RunEvent[] {
    this.#isOver = true;
    return events;
  }
}
