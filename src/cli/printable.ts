// What a model or a tool wrote, made safe for a terminal: it must not move the cursor, change the
// title, write to the clipboard, or reorder what stands beside it.

import { stripVTControlCharacters } from "node:util";

/** C0 but tab and newline, DEL, C1, and the controls that override the direction of text. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Safe for pieces of a text too: of a sequence that was cut in two, only harmless letters stay. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, "");
}

/** The same on one line, shortened. */
export function oneLine(text: string, charsMax = 100): string {
  const line = printable(text).replace(/\s+/g, " ").trim();
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).toWellFormed()}…`;
}
