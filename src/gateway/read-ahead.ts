// Reads the spilled part of a log for all who read it: viewers that came together read each piece once, and
// what they will want next is under way before they ask. Bounded, however many places they are at.

import type { LogPiece } from "./log-piece.ts";
import type { SpillFile } from "./spill-file.ts";

/** Waiting for the disk at each piece would be slow where the machine is busy. */
export const AHEAD_PIECES = 4;
/** 4 MB. */
const KEPT_PIECES_MAX = 64;

export class ReadAhead {
  readonly #file: SpillFile;
  /** What was asked for longest ago comes first. */
  readonly #kept = new Map<LogPiece, Promise<Buffer>>();

  constructor(file: SpillFile) {
    this.#file = file;
  }

  /** The first of these; the others are those behind it. */
  read([piece, ...behind]: readonly [LogPiece, ...LogPiece[]]): Promise<Buffer> {
    for (const next of behind) this.#keep(next)?.catch(() => {});
    const bytes = this.#keep(piece);
    return bytes ?? Promise.reject(new Error("this piece of the log lies in no file"));
  }

  /** Null where it lies in memory. */
  #keep(piece: LogPiece): Promise<Buffer> | null {
    if (piece.held.kind !== "spilled") return null;
    const bytes = this.#kept.get(piece) ?? this.#file.read(piece.held.at, piece.bytes);
    this.#kept.delete(piece);
    this.#kept.set(piece, bytes);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_PIECES_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return bytes;
  }
}
