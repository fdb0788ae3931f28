// A viewer that comes back in the middle of a reply, perhaps from another gateway, which had cut the
// text elsewhere or seen an attempt that this one has not. Until the reply is over, what the log says
// is made to fit what this viewer holds: text it has is not told again, text it must not keep is
// withdrawn. Pure. The viewer's last event id says what it holds (event-id.ts).

import {
  compareEventIds,
  formatEventId,
  parseEventId,
  RETRY_OFFSET,
  type EventId,
} from "../client/event-id.ts";
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

/**
 * The viewer came here by another way than this log, and lacks text that the log told before this place:
 * it needs what the history says. Where it holds more than that, `resumeReply` makes it fit.
 */
export function lacksText(cursor: EventId, before: EventId | null, next: RunEvent): boolean {
  // Told what a person did in mid-reply, by a gateway that had told less, or more, of the reply by then.
  const at = parseEventId(next.id);
  if (isByPerson(next) && at.attempt > 0 && isAnchoredAt(at, cursor)) return true;
  if (before === null || compareEventIds(before, cursor) === 0) return false;
  const held = openReplyView(cursor);
  const logged = openReplyView(before);
  return logged.shown > 0 && (held.shown === 0 || held.attempt !== logged.attempt);
}

/** Of all that is told, it alone may come in mid-reply: what a person said, or that one let the run go on. */
function isByPerson(event: RunEvent): boolean {
  return (
    event.type === "message.received" ||
    (event.type === "run.continued" && event.reason === "resumed")
  );
}

/** Text in flight is numbered behind one event of the history: the call, or what a person did since. */
function isAnchoredAt(id: EventId, anchor: EventId): boolean {
  return id.execution === anchor.execution && id.historyEventId === anchor.historyEventId;
}

class ReplyResumption implements Resumption {
  readonly #turn: number;
  #anchor: EventId;
  #view: ReplyView;
  /** Units of the viewer's attempt that the log has told; 0 where it does not know the attempt. */
  #logged: number;
  #isOver = false;

  constructor(cursor: EventId, { before, turn }: Place) {
    this.#anchor = cursor;
    this.#turn = turn;
    this.#view = openReplyView(cursor);
    this.#logged = 0;
    if (before !== null && isAnchoredAt(before, cursor)) this.#noteLogged(before);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  next(event: RunEvent): readonly RunEvent[] {
    if (this.#isOver) return [event];
    const id = parseEventId(event.id);
    if (isByPerson(event)) return [this.#beside(event, id)];
    return isAnchoredAt(id, this.#anchor) ? this.#inFlight(event, id) : this.#atEnd(event, id);
  }

  /** Text goes on behind it. Its id says how much the viewer holds, not how much the log has told. */
  #beside(event: RunEvent, id: EventId): RunEvent {
    this.#noteLogged(id);
    const { attempt, shown, failed } = this.#view;
    this.#anchor = { ...id, attempt, offset: failed ? RETRY_OFFSET + shown : shown };
    return { ...event, id: formatEventId(this.#anchor) };
  }

  #inFlight(event: RunEvent, id: EventId): readonly RunEvent[] {
    if (event.type === "reply.withdrawn") {
      // Of an attempt before the one whose text the viewer holds: that one was taken back from it long since.
      return event.attempt < this.#view.attempt ? [] : this.#over([event]);
    }
    if (event.type === "model.retrying") return this.#retrying(event, id);
    // A sign of life that this viewer need not have: another follows.
    if (event.type === "reply.progress") return [];
    if (event.type !== "reply.delta") return [event];
    if (id.attempt < this.#view.attempt) return [];
    if (id.attempt > this.#view.attempt) {
      return this.#over([this.#withdrawal(event, id.attempt), event]);
    }
    this.#noteLogged(id);
    return this.#rest(event, id.offset - event.text.length);
  }

  #retrying(event: RunEvent, id: EventId): readonly RunEvent[] {
    if (id.attempt < this.#view.attempt) return [];
    // Its id is behind all that could take back what an attempt before it has shown: that is withdrawn first.
    if (id.attempt > this.#view.attempt) {
      return this.#over([this.#withdrawal(event, id.attempt), event]);
    }
    if (this.#view.failed) return [];
    this.#view = { ...this.#view, failed: true };
    return [{ ...event, id: formatEventId({ ...id, offset: RETRY_OFFSET + this.#view.shown }) }];
  }

  /**
   * The first event behind the call. Only a log that told some of the viewer's attempt tells its rest;
   * any other may speak of another call, and then the viewer holds what nobody finished.
   */
  #atEnd(event: RunEvent, id: EventId): readonly RunEvent[] {
    if (event.type === "reply.withdrawn") return this.#over([event]);
    const goesOn = this.#logged > 0 && id.attempt === 0;
    if (goesOn && event.type === "reply.delta" && event.attempt === this.#view.attempt) {
      return this.#over(this.#rest(event, this.#logged));
    }
    if (goesOn && event.type === "reply.finished" && event.attempt === this.#view.attempt) {
      return this.#over([event]);
    }
    return this.#over([this.#withdrawal(event, this.#view.attempt + 1), event]);
  }

  #noteLogged(id: EventId): void {
    const logged = openReplyView(id);
    if (logged.attempt === this.#view.attempt) this.#logged = logged.shown;
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
    const id = formatEventId({ ...this.#anchor, attempt: nextAttempt, offset: 0 });
    const { attempt } = this.#view;
    return { type: "reply.withdrawn", id, runId, ts, turn: this.#turn, attempt };
  }

  #over(events: readonly RunEvent[]): readonly RunEvent[] {
    this.#isOver = true;
    return events;
  }
}
