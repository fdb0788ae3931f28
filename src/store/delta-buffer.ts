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

const NEW_STREAM = {
  seq: 0,
  offset: 0,
  pending: "",
  seenAtMs: null,
  writing: null,
  writingAtMs: null,
  progress: null,
  progressAtMs: null,
};

export function createDeltaBuffer(charsMax: number): DeltaBuffer {
  const streams = new Map<string, Stream>();
  let rows: DeltaRow[] = [];
  let bufferedChars = 0;
  let droppedChars = 0;

  function streamOf(key: AttemptKey): Stream {
    const id = JSON.stringify([key.executionId, key.activityId, key.attempt]);
    const stream = streams.get(id) ?? { key, ...NEW_STREAM };
    stream.seenAtMs = null;
    streams.set(id, stream);
    return stream;
  }

  function showLife(stream: Stream, nowMs: number): void {
    const { writing } = stream;
    if (writing === null) return;
    stream.writingAtMs ??= nowMs;
    if (nowMs - stream.writingAtMs < SIGN_OF_LIFE_MS) return;
    stream.seq += 1;
    rows.push({ ...stream.key, seq: stream.seq, kind: "mark", mark: { kind: "writing", writing } });
    stream.writing = null;
    stream.writingAtMs = nowMs;
  }

  function showProgress(stream: Stream, nowMs: number): void {
    const { progress, progressAtMs } = stream;
    if (progress === null) return;
    if (progressAtMs !== null && nowMs - progressAtMs < SIGN_OF_LIFE_MS) return;
    stream.seq += 1;
    rows.push({
      ...stream.key,
      seq: stream.seq,
      kind: "mark",
      mark: { kind: "progress", ...progress },
    });
    stream.progress = null;
    stream.progressAtMs = nowMs;
  }

  function cut(stream: Stream, all: boolean): void {
    const { pending, offset, key } = stream;
    const heldBack = !all && endsInHalfAPair(pending) ? 1 : 0;
    const text = pending.slice(0, pending.length - heldBack);
    if (text === "") return;
    stream.seq += 1;
    rows.push({ ...key, seq: stream.seq, kind: "text", offset, text: text.toWellFormed() });
    stream.offset += text.length;
    stream.pending = pending.slice(text.length);
  }

  return {
    text(key, piece) {
      const stream = streamOf(key);
      const isFirst = stream.offset === 0 && stream.pending === "";
      if (bufferedChars + piece.length > charsMax) {
        cut(stream, true);
        stream.offset += piece.length;
        droppedChars += piece.length;
      } else {
        stream.pending += piece;
        bufferedChars += piece.length;
      }
      return isFirst;
    },
    mark(key, mark) {
      const stream = streamOf(key);
      cut(stream, true);
      stream.seq += 1;
      rows.push({ ...key, seq: stream.seq, kind: "mark", mark });
    },
    writing(key, writing) {
      streamOf(key).writing = writing;
    },
    progress(key, progress) {
      streamOf(key).progress = progress;
    },
    take({ last, nowMs }) {
      for (const [id, stream] of streams) {
        cut(stream, last);
        showLife(stream, nowMs);
        showProgress(stream, nowMs);
        stream.seenAtMs ??= nowMs;
        if (nowMs - stream.seenAtMs > FORGET_AFTER_MS) streams.delete(id);
      }
      const isWaiting = [...streams.values()].some(({ progress }) => progress !== null);
      const batch = { rows, droppedChars, isWaiting };
      rows = [];
      bufferedChars = 0;
      droppedChars = 0;
      return batch;
    },
  };
}

function endsInHalfAPair(text: string): boolean {
  const unit = text.charCodeAt(text.length - 1);
  return unit >= 0xd800 && unit <= 0xdbff;
}
