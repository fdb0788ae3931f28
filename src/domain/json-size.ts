// How many bytes a text takes once it lies in a payload, which is JSON: a control character takes six.

/** The beginning of the text that takes at most so many bytes as JSON, with a note where it was cut. */
export function fittingText(text: string, bytesMax: number, note: string): string {
  if (text.length * JSON_BYTES_A_UNIT_MAX <= bytesMax) return text;
  const room = bytesMax - note.length * JSON_BYTES_A_UNIT_MAX;
  let bytes = 0;
  let keep = 0;
  for (const character of text) {
    bytes += jsonBytes(character);
    if (bytes > bytesMax) return text.slice(0, keep) + note;
    if (bytes <= room) keep += character.length;
  }
  return text;
}

const JSON_BYTES_A_UNIT_MAX = 6;

/** Of one code point; quotes around the whole text are not counted. */
function jsonBytes(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (/[\b\t\n\f\r"\\]/.test(character)) return 2;
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return JSON_BYTES_A_UNIT_MAX;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** The newest of them that take at most so many bytes together; they stand in the order in which they came. */
export function newestFitting<T>(items: readonly T[], bytesMax: number): readonly T[] {
  let bytes = 0;
  const from = items.findLastIndex((item) => {
    bytes += jsonBytesOf(item) + COMMA;
    return bytes > bytesMax;
  });
  return items.slice(from + 1);
}

const COMMA = 1;

/** Of a value that lies in a payload. */
export function jsonBytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
