// Bytes that somebody hands in as text. A letter that was lost in reading would be paid for all the same.

import { PawlError } from "../domain/errors.ts";

/** Null where they are no UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Throws PawlError USAGE. */
export function textOf(bytes: Uint8Array, what: string): string {
  const text = utf8(bytes);
  if (text !== null) return text;
  throw new PawlError("USAGE", `${what} is not UTF-8.`, {
    next: "save it as UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8",
  });
}

const NEWLINE = 0x0a;

/** Each without its newline; null where one is no UTF-8. */
export function linesOf(bytes: Uint8Array): readonly (string | null)[] {
  const lines: (string | null)[] = [];
  let from = 0;
  while (from <= bytes.length) {
    const end = bytes.indexOf(NEWLINE, from);
    const to = end === -1 ? bytes.length : end;
    lines.push(utf8(bytes.subarray(from, to)));
    from = to + 1;
  }
  return lines;
}
