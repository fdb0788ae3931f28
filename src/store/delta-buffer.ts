// What streams have said since the last write, made into rows: numbered, well formed, bounded.
// The rules V1–V3 of deltas.ts are kept here, with no clock of its own and no I/O.

import type { AttemptKey, AttemptMark, DeltaRow, Progress, Writing } from "./deltas.ts";

export interface DeltaBuffer {
  /** True where nothing of the attempt's text had come before. */
  text(key: AttemptKey, piece: string): boolean;
  mark(key: AttemptKey, mark: AttemptMark): void;
  /** A sign of life: of all that come, one a second becomes a row. */
  writing(key: AttemptKey, writing: Writing): void;
  /** The first becomes a row at once, and of those that follow the newest of each second. */
  progress(key: AttemptKey, progress: Progress): void;
  /** Empties the buffer. Half a surrogate pair waits for its other half, unless this is the `last` batch. */
  take(options: { readonly last: boolean; readonly nowMs: number }): DeltaBatch;
}

export interface DeltaBatch {
  readonly rows: readonly DeltaRow[];
  /** Text that found the buffer full. */
  readonly droppedChars: number;
  /** True where something waits for its time to become a row. */
  readonly isWaiting: boolean;
}

/** What is known of an attempt while it streams. */
interface Stream {
  readonly key: AttemptKey;
  seq: number;
  /** Units of the reply that have become rows, or were dropped. */
  offset: number;
  pending: string;
  /** When a batch last had something of it; null until the first batch. */
  seenAtMs: number | null;
  /** The newest that is no row yet, and when the one before became one, or the first came. */
  writing: Writing | null;
  writingAtMs: number | null;
  progress: Progress | null;
  progressAtMs: number | null;
}

const SIGN_OF_LIFE_MS = 1000;

/** Longer than any call: an attempt that is silent for so long is over. */
const FORGET_AFTER_MS = 20 * 60_000;

export function createDeltaBuffer(charsMax: number): DeltaBuffer {
  return new Streams(charsMax);
}

class Streams implements DeltaBuffer {
  readonly #charsMax: number;
  /** Whoever was heard of last is last. */
  readonly #streams = new Map<string, Stream>();
  /** Those that the next batch may have something of: of all that are known, a few. */
  readonly #heard = new Set<Stream>();
  #rows: DeltaRow[] = [];
  #bufferedChars = 0;
  #droppedChars = 0;

  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  text(key: AttemptKey, piece: string): boolean {
    const stream = this.#streamOf(key);
    const isFirst = stream.offset === 0 && stream.pending === "";
    if (this.#bufferedChars + piece.length > this.#charsMax) {
      this.#cut(stream, true);
      stream.offset += piece.length;
      this.#droppedChars += piece.length;
    } else {
      stream.pending += piece;
      this.#bufferedChars += piece.length;
    }
    return isFirst;
  }

  mark(key: AttemptKey, mark: AttemptMark): void {
    const stream = this.#streamOf(key);
    this.#cut(stream, true);
    this.#mark(stream, mark);
  }

  writing(key: AttemptKey, writing: Writing): void {
    this.#streamOf(key).writing = writing;
  }

  progress(key: AttemptKey, progress: Progress): void {
    this.#streamOf(key).progress = progress;
  }

  take({ last, nowMs }: { readonly last: boolean; readonly nowMs: number }): DeltaBatch {
    let isWaiting = false;
    for (const stream of this.#heard) {
      this.#cut(stream, last);
      this.#showLife(stream, nowMs);
      this.#showProgress(stream, nowMs);
      isWaiting ||= stream.progress !== null;
      stream.seenAtMs ??= nowMs;
      if (isSpent(stream)) this.#heard.delete(stream);
    }
    this.#forget(nowMs);
    const batch = { rows: this.#rows, droppedChars: this.#droppedChars, isWaiting };
    this.#rows = [];
    this.#bufferedChars = 0;
    this.#droppedChars = 0;
    return batch;
  }

  #streamOf(key: AttemptKey): Stream {
    const id = JSON.stringify([key.executionId, key.activityId, key.attempt]);
    const stream = this.#streams.get(id) ?? newStream(key);
    stream.seenAtMs = null;
    this.#streams.delete(id);
    this.#streams.set(id, stream);
    this.#heard.add(stream);
    return stream;
  }

  #forget(nowMs: number): void {
    for (const [id, stream] of this.#streams) {
      if (stream.seenAtMs === null || nowMs - stream.seenAtMs <= FORGET_AFTER_MS) return;
      this.#streams.delete(id);
      this.#heard.delete(stream);
    }
  }

  #showLife(stream: Stream, nowMs: number): void {
    const { writing } = stream;
    if (writing === null) return;
    stream.writingAtMs ??= nowMs;
    if (nowMs - stream.writingAtMs < SIGN_OF_LIFE_MS) return;
    this.#mark(stream, { kind: "writing", writing });
    stream.writing = null;
    stream.writingAtMs = nowMs;
  }

  #showProgress(stream: Stream, nowMs: number): void {
    const { progress, progressAtMs } = stream;
    if (progress === null) return;
    if (progressAtMs !== null && nowMs - progressAtMs < SIGN_OF_LIFE_MS) return;
    this.#mark(stream, { kind: "progress", ...progress });
    stream.progress = null;
    stream.progressAtMs = nowMs;
  }

  #mark(stream: Stream, mark: AttemptMark): void {
    stream.seq += 1;
    this.#rows.push({ ...stream.key, seq: stream.seq, kind: "mark", mark });
  }

  #cut(stream: Stream, all: boolean): void {
    const { pending, offset, key } = stream;
    const heldBack = !all && endsInHalfAPair(pending) ? 1 : 0;
    const text = pending.slice(0, pending.length - heldBack);
    if (text === "") return;
    stream.seq += 1;
    this.#rows.push({ ...key, seq: stream.seq, kind: "text", offset, text: text.toWellFormed() });
    stream.offset += text.length;
    stream.pending = pending.slice(text.length);
  }
}

/** Callers pass all that they know of an attempt: kept for as long as a stream, that would be its whole activity. */
function newStream({ executionId, activityId, attempt }: AttemptKey): Stream {
  return {
    key: { executionId, activityId, attempt },
    seq: 0,
    offset: 0,
    pending: "",
    seenAtMs: null,
    writing: null,
    writingAtMs: null,
    progress: null,
    progressAtMs: null,
  };
}

function isSpent({ pending, writing, progress }: Stream): boolean {
  return pending === "" && writing === null && progress === null;
}

function endsInHalfAPair(text: string): boolean {
  const unit = text.charCodeAt(text.length - 1);
  return unit >= 0xd800 && unit <= 0xdbff;
}
