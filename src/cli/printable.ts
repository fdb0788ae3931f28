// What a model or a tool wrote, made safe for a terminal: it must not move the cursor, change the
// title, write to the clipboard, or reorder what stands beside it.

import { stripVTControlCharacters } from "node:util";

/** Control characters but tab and newline, and the controls that override the direction of text. */
const CONTROL = /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu;

/** Safe for pieces of a text too: of a sequence that was cut in two, only harmless letters stay. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, "");
}

/** For what must not be shortened. */
export const WHOLE = Number.POSITIVE_INFINITY;

/** The same on one line, shortened. */
export function oneLine(text: string, charsMax = 100): string {
  const line = printable(text).replace(/\s+/g, " ").trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).toWellFormed()}…`;
}
