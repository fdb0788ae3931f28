// A stretch of a run's log, as much as one write to a socket takes. It is open while frames come, then one
// buffer that all its readers share, then a place in the spill file.

import type { EventId } from "../client/event-id.ts";
import { framesIn, type Frame } from "./frames.ts";

export type Held =
  | { readonly kind: "open"; readonly frames: Frame[] }
  | { readonly kind: "whole"; readonly bytes: Buffer }
  | { readonly kind: "spilled"; readonly at: number };

export interface LogPiece {
  /** The place of its first frame; `end` is the place behind its last. */
  readonly start: number;
  end: number;
  bytes: number;
  lastId: EventId;
  /** The event in front of it, and the turn that was under way by then. */
  readonly before: EventId | null;
  readonly turn: number;
  held: Held;
}

/** What is read of a piece: of one that is open the frames, of any other its bytes. */
export type Content = readonly Frame[] | Buffer;

export function framesOf(content: Content): readonly Frame[] {
  return Buffer.isBuffer(content) ? framesIn(content) : content;
}

/** What goes over the wire behind so many frames; of a whole piece nothing is copied. */
export function bytesBehind(content: Content, frames: number): Buffer {
  if (Buffer.isBuffer(content) && frames === 0) return content;
  const rest = framesOf(content).slice(frames);
  const [only] = rest;
  return rest.length === 1 && only !== undefined
    ? only.bytes
    : Buffer.concat(rest.map(({ bytes }) => bytes));
}

/** Takes no more frames. */
export function close(piece: LogPiece): void {
  if (piece.held.kind !== "open") return;
  const bytes = Buffer.concat(piece.held.frames.map((frame) => frame.bytes));
  piece.held = { kind: "whole", bytes };
}
