// The events of one history on their way to one viewer: each gets its place in the story of the run, and what the
// viewer has seen is left out.
//
//   E1. Ids of told events strictly increase; nothing at or before the viewer's cursor is told again.

import type { RunEvent } from "../domain/run-event.ts";
import type { EventBody } from "./event-body.ts";
import { compareEventIds, formatEventId, type EventId } from "./event-id.ts";
import type { Told } from "./history-facts.ts";

export interface ToldEventsOptions {
  readonly runId: string;
  /** Of the histories that the run has left, which this is: 0 for the first. */
  readonly execution: number;
  /** The last event that the viewer has seen. */
  readonly after: EventId | null;
  /** Time of what has no time of its own: rows of attempts in flight. */
  readonly nowMs: () => number;
}

export class ToldEvents {
  readonly #options: ToldEventsOptions;
  #cursor: EventId | null;
  #last = { eventId: 0, role: 0 };
  #told: RunEvent[] = [];

  constructor(options: ToldEventsOptions) {
    this.#options = options;
    this.#cursor = options.after;
  }

  /** The last event told. */
  get cursor(): EventId | null {
    return this.#cursor;
  }

  at(historyEventId: number): EventId {
    return { execution: this.#options.execution, historyEventId, attempt: 0, offset: 0 };
  }

  /** Where the viewer resumed, if it was at an event that this history event gave rise to. */
  resumedAt(historyEventId: number): EventId | null {
    const { after, execution } = this.#options;
    const here = after?.execution === execution && after.historyEventId === historyEventId;
    return here ? after : null;
  }

  /** True where the viewer resumed at this history event or behind it. */
  isSeen(historyEventId: number): boolean {
    const { after } = this.#options;
    return after !== null && compareEventIds(this.at(historyEventId), after) <= 0;
  }

  /**
   * Events of one history event are numbered in the order in which they are told. One that may be left out, as
   * a viewer that lacks nothing is told nothing, needs a role of its own, and so has what comes behind it.
   */
  tell({ eventId, atMs }: Told, body: EventBody, role = 0): void {
    const next = this.#last.eventId === eventId ? this.#last.role + 1 : 0;
    this.#last = { eventId, role: Math.max(role, next) };
    this.tellAt({ ...this.at(eventId), offset: this.#last.role }, body, atMs);
  }

  tellAt(id: EventId, body: EventBody, atMs = this.#options.nowMs()): void {
    if (this.#cursor !== null && compareEventIds(id, this.#cursor) <= 0) return;
    this.#cursor = id;
    const ts = new Date(atMs).toISOString();
    this.#told.push({ ...body, id: formatEventId(id), runId: this.#options.runId, ts });
  }

  take(): readonly RunEvent[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }
}
