// The frames of one run as they go over the wire, serialised once for all viewers. Bounded: the
// oldest are let go, and who wants them reads the run's history instead.

import { compareEventIds, parseEventId, type EventId } from "../client/event-id.ts";
import type { RunEvent } from "../domain/run-event.ts";

export interface Frame {
  readonly id: EventId;
  readonly bytes: Buffer;
}

export interface EventLog {
  append(event: RunEvent): void;
  /** Places are numbers that only grow; `start` is the oldest frame that is still here. */
  readonly start: number;
  readonly end: number;
  /** The place behind the event with this id; null where frames behind it have been let go. */
  placeBehind(id: EventId | null): number | null;
  /** Undefined where the frame has been let go, or is yet to come. */
  frame(place: number): Frame | undefined;
  readonly lastId: EventId | null;
}

export function createEventLog(bytesMax: number): EventLog {
  let frames: Frame[] = [];
  let start = 0;
  let bytes = 0;
  let letGo: EventId | null = null;

  /** A quarter at a time, because each time costs a copy of the rest. */
  function trim(): void {
    let freed = 0;
    let count = 0;
    while (count < frames.length - 1 && bytes - freed > bytesMax * 0.75) {
      freed += frames[count]?.bytes.length ?? 0;
      count += 1;
    }
    letGo = frames[count - 1]?.id ?? letGo;
    frames = frames.slice(count);
    start += count;
    bytes -= freed;
  }

  return {
    append(event) {
      const frame = frameOf(event);
      frames.push(frame);
      bytes += frame.bytes.length;
      if (bytes > bytesMax) trim();
    },
    get start() {
      return start;
    },
    get end() {
      return start + frames.length;
    },
    get lastId() {
      return frames.at(-1)?.id ?? null;
    },
    placeBehind(id) {
      if (letGo !== null && (id === null || compareEventIds(id, letGo) < 0)) return null;
      return id === null ? start : start + countUpTo(frames, id);
    },
    frame: (place) => frames[place - start],
  };
}

export function frameOf(event: RunEvent): Frame {
  const text = `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  return { id: parseEventId(event.id), bytes: Buffer.from(text) };
}

/** The event that a frame was made of. */
export function eventOf({ bytes }: Frame): RunEvent {
  const line = bytes.indexOf("\ndata: ") + "\ndata: ".length;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by frameOf
  return JSON.parse(bytes.toString("utf8", line)) as RunEvent;
}

/** How many frames the viewer has seen: ids increase, so the place is found by halving. */
function countUpTo(frames: readonly Frame[], id: EventId): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const frame = frames[middle];
    if (frame !== undefined && compareEventIds(frame.id, id) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
