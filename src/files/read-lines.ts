// Some lines of a text file, however large it is: read piece by piece, and what comes before them is only counted.
// What is no text is told by what it holds.

import type { FileHandle } from "node:fs/promises";

export interface Wanted {
  /** The first line, from 1. */
  readonly from: number;
  readonly lines: number;
  /** Of text to give back; but a first line that is longer comes to `lineBytesMax`. */
  readonly bytesMax: number;
  readonly lineBytesMax: number;
  /** Of the file, from its beginning: to look for the lines, and to count those behind them. */
  readonly scanBytesMax: number;
  readonly countBytesMax: number;
  readonly signal: AbortSignal;
}

export type LinesRead =
  | { readonly kind: "binary"; readonly isUtf16: boolean }
  /** What was wanted lies behind what is looked at. */
  | { readonly kind: "too_far"; readonly linesSeen: number }
  | {
      readonly kind: "text";
      readonly text: string;
      /** The last line of it; below `from` where there is none. */
      readonly to: number;
      /** Of the file, where its end was seen. */
      readonly linesInAll: number | null;
      /** The last line goes on. */
      readonly isLineCut: boolean;
      readonly isUtf8: boolean;
    };

const PIECE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

interface Seen {
  bytes: number;
  newlines: number;
  /** The last line has no end of its own. */
  isOpen: boolean;
  kept: Buffer[];
  keptBytes: number;
  keptNewlines: number;
}

export async function readLines(handle: FileHandle, wanted: Wanted): Promise<LinesRead> {
  const seen: Seen = {
    ...{ bytes: 0, newlines: 0, isOpen: false },
    ...{ kept: [], keptBytes: 0, keptNewlines: 0 },
  };
  const piece = Buffer.alloc(PIECE_BYTES);
  let isEnd = false;
  while (seen.bytes < (hasEnough(seen, wanted) ? wanted.countBytesMax : wanted.scanBytesMax)) {
    wanted.signal.throwIfAborted();
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, seen.bytes);
    isEnd = bytesRead === 0;
    if (isEnd) break;
    const read = piece.subarray(0, bytesRead);
    if (seen.bytes === 0 && isUtf16(read)) return { kind: "binary", isUtf16: true };
    if (read.includes(0)) return { kind: "binary", isUtf16: false };
    take(read, seen, wanted);
  }
  if (!isEnd && seen.keptBytes === 0) return { kind: "too_far", linesSeen: seen.newlines };
  const linesInAll = isEnd ? seen.newlines + (seen.isOpen ? 1 : 0) : null;
  return { kind: "text", linesInAll, ...shown(Buffer.concat(seen.kept), wanted) };
}

function hasEnough({ keptNewlines, keptBytes }: Seen, { lines, lineBytesMax }: Wanted): boolean {
  return keptNewlines >= lines || keptBytes > lineBytesMax;
}

function take(read: Buffer, seen: Seen, wanted: Wanted): void {
  const begin = behindNewline(read, wanted.from - 1 - seen.newlines);
  if (begin !== null && begin < read.length && !hasEnough(seen, wanted)) {
    const kept = Buffer.from(read.subarray(begin));
    seen.kept.push(kept);
    seen.keptBytes += kept.length;
    seen.keptNewlines += newlinesIn(kept);
  }
  seen.bytes += read.length;
  seen.newlines += newlinesIn(read);
  seen.isOpen = read.at(-1) !== NEWLINE;
}

/** Where the text behind so many line ends begins; null where there are fewer. */
function behindNewline(read: Buffer, count: number): number | null {
  let at = 0;
  for (let left = count; left > 0; left -= 1) {
    const found = read.indexOf(NEWLINE, at);
    if (found === -1) return null;
    at = found + 1;
  }
  return at;
}

function newlinesIn(read: Buffer): number {
  let count = 0;
  for (let at = read.indexOf(NEWLINE); at !== -1; at = read.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

/** With the mark that Windows writes before it. */
function isUtf16(read: Buffer): boolean {
  const mark = read.length >= 2 ? read.readUInt16BE(0) : 0;
  return mark === 0xfeff || mark === 0xfffe;
}

type Shown = Pick<LinesRead & { kind: "text" }, "text" | "to" | "isLineCut" | "isUtf8">;

function shown(kept: Buffer, { from, lines, bytesMax, lineBytesMax }: Wanted): Shown {
  const asked = kept.subarray(0, behindNewline(kept, lines) ?? kept.length);
  const whole =
    asked.length <= bytesMax ? asked.length : asked.lastIndexOf(NEWLINE, bytesMax - 1) + 1;
  const first = behindNewline(asked, 1) ?? asked.length;
  const part = asked.subarray(0, whole === 0 ? Math.min(first, lineBytesMax) : whole);
  const isLineCut = whole === 0 && first > lineBytesMax;
  const isOpen = part.length > 0 && part.at(-1) !== NEWLINE;
  const { text, isUtf8 } = decoded(part, isLineCut);
  return { text, to: from - 1 + newlinesIn(part) + (isOpen ? 1 : 0), isLineCut, isUtf8 };
}

/** A cut may go through a character: then that one is left out. */
function decoded(part: Buffer, isCut: boolean): { text: string; isUtf8: boolean } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(part, { stream: isCut });
    return { text, isUtf8: true };
  } catch {
    return { text: new TextDecoder("utf-8").decode(part), isUtf8: false };
  }
}
