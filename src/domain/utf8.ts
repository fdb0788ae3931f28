// Bytes that somebody hands in as text. A letter that was lost in reading would be paid for all the same.

/** What to do about it, for whoever is told. */
export const SAVE_AS_UTF8 = "save it as UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8";

/** Null where they are no UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
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

/** Of the first that is no UTF-8. */
export function badLineIn(bytes: Uint8Array): number {
  return linesOf(bytes).indexOf(null) + 1;
}
