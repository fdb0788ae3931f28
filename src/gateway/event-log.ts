// The frames of one run as they go over the wire, serialised once for all viewers. The newest lie in
// memory, within a bound; the older ones in a file, from which who comes late or reads slowly is served, so
// that a run is watched once however long it told. Where nothing can be written the oldest are let go, and
// who wants them reads the run's history instead.

import { compareEventIds, type EventId } from "../client/event-id.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { firstThat, frameOf } from "./frames.ts";
import { close, type Content, type Held, type LogPiece } from "./log-piece.ts";
import { AHEAD_PIECES, ReadAhead } from "./read-ahead.ts";
import { openSpillFile, type SpillFile } from "./spill-file.ts";

export interface EventLog {
  append(event: RunEvent): void;
  /** Null while memory has room; else resolves when it has. Who appends waits for it. */
  room(): Promise<void> | null;
  /** The place behind the newest frame. Places are numbers that only grow. */
  readonly end: number;
  readonly lastId: EventId | null;
  /** Where to begin to read for what is behind this event; null where some of that has been let go. */
  placeBehind(id: EventId | null): number | null;
  /** The piece in which a place before the end lies; null where it has been let go. */
  pieceAt(place: number): LogPiece | null;
  /** At once where it lies in memory. */
  read(piece: LogPiece): Content | Promise<Content>;
  /** Gives back memory and file. */
  close(): void;
}

export interface EventLogOptions {
  /** In memory. */
  readonly bytesMax: number;
  readonly openSpill?: () => Promise<SpillFile>;
  /** The older parts can't be kept: told once. */
  readonly onSpillFailed?: (error: unknown) => void;
}

/** What one write may hold, so that a slow reader never has more than this waiting for it. */
const PIECE_BYTES_MAX = 64 * 1024;
/** Spilling begins where memory is full, and goes on until there is some room again. */
const KEPT_SHARE = 0.75;
/** As much more is kept in memory where there is no file. */
const WITHOUT_FILE = 4;

type Spill =
  | { readonly kind: "none" | "impossible" | "closed" }
  | { readonly kind: "open"; readonly file: SpillFile; readonly ahead: ReadAhead };

export function createEventLog(options: EventLogOptions): EventLog {
  return new Log(options);
}

class Log implements EventLog {
  readonly #options: Required<EventLogOptions>;
  #pieces: LogPiece[] = [];
  #bytesHeld = 0;
  #turn = 0;
  #letGo: EventId | null = null;
  #spill: Spill = { kind: "none" };
  #spilling: Promise<void> | null = null;

  constructor(options: EventLogOptions) {
    this.#options = { openSpill: openSpillFile, onSpillFailed: () => {}, ...options };
  }

  append(event: RunEvent): void {
    const frame = frameOf(event);
    const { length } = frame.bytes;
    const newest = this.#pieces.at(-1);
    const takes = newest?.held.kind === "open" && newest.bytes + length <= PIECE_BYTES_MAX;
    if (takes && newest.held.kind === "open") {
      newest.held.frames.push(frame);
      newest.end += 1;
      newest.bytes += length;
      newest.lastId = frame.id;
    } else {
      if (newest !== undefined) close(newest);
      const start = this.end;
      const place = { start, end: start + 1, before: this.lastId, turn: this.#turn };
      const held: Held = { kind: "open", frames: [frame] };
      this.#pieces.push({ ...place, bytes: length, lastId: frame.id, held });
    }
    this.#bytesHeld += length;
    if ("turn" in event) this.#turn = event.turn;
    if (this.#bytesHeld > this.#bytesMax) this.#makeRoom();
  }

  room(): Promise<void> | null {
    return this.#bytesHeld > this.#bytesMax ? this.#spilling : null;
  }

  get end(): number {
    return this.#pieces.at(-1)?.end ?? 0;
  }

  get lastId(): EventId | null {
    return this.#pieces.at(-1)?.lastId ?? null;
  }

  placeBehind(id: EventId | null): number | null {
    const letGo = this.#letGo;
    if (letGo !== null && (id === null || compareEventIds(id, letGo) < 0)) return null;
    if (id === null) return 0;
    const at = firstThat(this.#pieces, ({ lastId }) => compareEventIds(lastId, id) > 0);
    return this.#pieces[at]?.start ?? this.end;
  }

  pieceAt(place: number): LogPiece | null {
    const piece = this.#pieces[firstThat(this.#pieces, ({ end }) => end > place)];
    return piece !== undefined && piece.start <= place ? piece : null;
  }

  read(piece: LogPiece): Content | Promise<Content> {
    const { held } = piece;
    switch (held.kind) {
      case "open":
        return held.frames;
      case "whole":
        return held.bytes;
      case "spilled":
        return this.#readSpilled(piece);
    }
  }

  close(): void {
    if (this.#spill.kind === "open") void this.#spill.file.close().catch(() => {});
    this.#spill = { kind: "closed" };
  }

  get #bytesMax(): number {
    const { bytesMax } = this.#options;
    return this.#spill.kind === "impossible" ? bytesMax * WITHOUT_FILE : bytesMax;
  }

  #readSpilled(piece: LogPiece): Promise<Buffer> {
    if (this.#spill.kind !== "open") return Promise.reject(new Error("the spill file is closed"));
    const at = firstThat(this.#pieces, ({ end }) => end >= piece.end);
    return this.#spill.ahead.read([piece, ...this.#pieces.slice(at + 1, at + 1 + AHEAD_PIECES)]);
  }

  #makeRoom(): void {
    if (this.#spill.kind === "impossible") return this.#dropOldest();
    this.#spilling ??= this.#spillOldest()
      .catch((error: unknown) => this.#giveUp(error))
      .finally(() => (this.#spilling = null));
  }

  async #spillOldest(): Promise<void> {
    const file = await this.#file();
    while (this.#bytesHeld > this.#bytesMax * KEPT_SHARE) {
      const piece = this.#oldestHeld();
      if (file === null || piece === null || piece.held.kind !== "whole") return;
      const at = await file.append(piece.held.bytes);
      piece.held = { kind: "spilled", at };
      this.#bytesHeld -= piece.bytes;
    }
  }

  /** Null where the log was closed. */
  async #file(): Promise<SpillFile | null> {
    if (this.#spill.kind !== "none") return this.#spill.kind === "open" ? this.#spill.file : null;
    const file = await this.#options.openSpill();
    if (this.#spill.kind !== "none") {
      await file.close();
      return null;
    }
    this.#spill = { kind: "open", file, ahead: new ReadAhead(file) };
    return file;
  }

  #oldestHeld(): LogPiece | null {
    const at = firstThat(this.#pieces, ({ held }) => held.kind !== "spilled");
    return this.#pieces[at] ?? null;
  }

  #giveUp(error: unknown): void {
    if (this.#spill.kind === "closed") return;
    this.close();
    this.#spill = { kind: "impossible" };
    this.#dropOldest();
    this.#options.onSpillFailed(error);
  }

  /** What was spilled, and of the rest as much as is too much. */
  #dropOldest(): void {
    const kept = this.#bytesMax * KEPT_SHARE;
    let count = 0;
    for (const { held, bytes } of this.#pieces) {
      if (held.kind === "open" || (held.kind === "whole" && this.#bytesHeld <= kept)) break;
      if (held.kind === "whole") this.#bytesHeld -= bytes;
      count += 1;
    }
    this.#letGo = this.#pieces[count - 1]?.lastId ?? this.#letGo;
    this.#pieces = this.#pieces.slice(count);
  }
}
