// A run's events as they go over the wire, one frame each, and back. Frames lie one behind the other
// without anything between them, in memory as in a file.

import { compareEventIds, parseEventId, type EventId } from "../client/event-id.ts";
import type { RunEvent } from "../domain/run-event.ts";

export interface Frame {
  readonly id: EventId;
  readonly bytes: Buffer;
}

const END = "\n\n";
const ID = "id: ";
const DATA = "\ndata: ";

export function frameOf(event: RunEvent): Frame {
  const text = `${ID}${event.id}\nevent: ${event.type}${DATA}${JSON.stringify(event)}${END}`;
  return { id: parseEventId(event.id), bytes: Buffer.from(text) };
}

/** The event that a frame was made of. */
export function eventOf({ bytes }: Pick<Frame, "bytes">): RunEvent {
  const line = bytes.indexOf(DATA) + DATA.length;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by frameOf
  return JSON.parse(bytes.toString("utf8", line)) as RunEvent;
}

/** JSON has no line breaks of its own, so a frame ends at the first empty line. */
export function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(END, at) + END.length;
    const id = bytes.toString("latin1", at + ID.length, bytes.indexOf("\n", at));
    frames.push({ id: parseEventId(id), bytes: bytes.subarray(at, end) });
    at = end;
  }
  return frames;
}

/** How many of them the viewer has seen: ids increase, so the place is found by halving. */
export function countUpTo(frames: readonly Frame[], id: EventId): number {
  return firstThat(frames, (frame) => compareEventIds(frame.id, id) > 0);
}

/** Where in a list it begins to hold; its length where it never does. */
export function firstThat<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = list[middle];
    if (item !== undefined && holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
