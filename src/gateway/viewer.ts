// One connection that is shown a run. It holds a place in the log and, while its socket is full, waits
// there: a reader that never reads costs one chunk of memory, and is let go after a bounded time.

import type { ServerResponse } from "node:http";
import { compareEventIds, type EventId } from "../client/event-id.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { eventOf, frameOf, type EventLog, type Frame } from "./event-log.ts";
import { lacksText, resumeReply, type Resumption } from "./resume-reply.ts";

/** What one write may hold, so that a slow reader never has more than this waiting for it. */
const CHUNK_BYTES_MAX = 64 * 1024;

export interface ViewerOptions {
  readonly after: EventId | null;
  /** How long the socket may take nothing before it is closed. */
  readonly stallMs: number;
  /** The log went on without this reader, which was told the event with this id last. */
  readonly onLost: (told: EventId | null) => void;
}

export class Viewer {
  readonly #log: EventLog;
  readonly #response: ServerResponse;
  readonly #stallMs: number;
  readonly #after: EventId | null;
  readonly #onLost: (told: EventId | null) => void;
  #told: EventId | null;
  #place: number;
  #isPast = false;
  #isLast = false;
  #resumption: Resumption | null = null;
  #stalled: NodeJS.Timeout | null = null;

  /** Null where the log no longer holds what the viewer needs. */
  static open(log: EventLog, response: ServerResponse, options: ViewerOptions): Viewer | null {
    const place = log.placeBehind(options.after);
    return place === null ? null : new Viewer(log, response, { ...options, place });
  }

  private constructor(
    log: EventLog,
    response: ServerResponse,
    { after, stallMs, onLost, place }: ViewerOptions & { readonly place: number },
  ) {
    this.#log = log;
    this.#response = response;
    this.#after = after;
    this.#told = after;
    this.#onLost = onLost;
    this.#stallMs = stallMs;
    this.#place = place;
    response.on("drain", this.#drained);
    response.once("close", () => this.#flowing());
  }

  readonly #drained = (): void => {
    this.#flowing();
    this.pump();
  };

  /** Writes what the log has and the socket takes. */
  pump(): void {
    while (this.#stalled === null && !this.#response.destroyed && this.#place < this.#log.end) {
      const chunk = this.#chunk();
      if (chunk === null) {
        this.#response.off("drain", this.#drained);
        return this.#onLost(this.#told);
      }
      if (chunk.length > 0 && !this.#response.write(chunk)) this.#wait();
    }
    if (this.#isLast && this.#place === this.#log.end) this.close();
  }

  beat(): void {
    if (this.#stalled === null && !this.#response.write(": beat\n\n")) this.#wait();
  }

  /** The log is complete: the connection ends when all of it has been written. */
  endAfterLog(): void {
    this.#isLast = true;
    this.pump();
  }

  close(): void {
    if (!this.#response.writableEnded) this.#response.end();
  }

  #wait(): void {
    this.#stalled ??= setTimeout(() => this.#response.destroy(), this.#stallMs);
  }

  #flowing(): void {
    if (this.#stalled !== null) clearTimeout(this.#stalled);
    this.#stalled = null;
  }

  #chunk(): Buffer | null {
    const frames: Buffer[] = [];
    let bytes = 0;
    while (this.#place < this.#log.end && bytes < CHUNK_BYTES_MAX) {
      const frame = this.#log.frame(this.#place);
      const fitting = frame === undefined ? null : this.#fitting(frame);
      if (fitting === null && frames.length === 0) return null;
      if (fitting === null) break;
      for (const { id, bytes: piece } of fitting) {
        frames.push(piece);
        bytes += piece.length;
        this.#told = id;
      }
      this.#place += 1;
    }
    const [only] = frames;
    return frames.length === 1 && only !== undefined ? only : Buffer.concat(frames);
  }

  /** What of the frame this viewer must be told; null where the log can't say. */
  #fitting(frame: Frame): readonly Frame[] | null {
    if (!this.#isPast) {
      // A log that has only begun may still have to reach the place where the viewer left.
      if (this.#after !== null && compareEventIds(frame.id, this.#after) <= 0) return [];
      const before = this.#log.frame(this.#place - 1);
      const told = before === undefined ? null : eventOf(before);
      if (this.#after !== null && lacksText(this.#after, told, eventOf(frame))) return null;
      this.#isPast = true;
      this.#resumption = resumeReply(this.#after, placeIn(this.#log, this.#place));
    }
    if (this.#resumption === null || this.#resumption.isOver) return [frame];
    return this.#resumption.next(eventOf(frame)).map(frameOf);
  }
}

function placeIn(log: EventLog, place: number): { before: EventId | null; turn: number } {
  const before = log.frame(place - 1)?.id ?? null;
  for (let at = place - 1; at >= log.start; at -= 1) {
    const frame = log.frame(at);
    const event: RunEvent | null = frame === undefined ? null : eventOf(frame);
    if (event !== null && "turn" in event) return { before, turn: event.turn };
  }
  return { before, turn: 0 };
}
