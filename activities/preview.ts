// Arguments and results shortened for people: one line, no control characters.

const CHARS_MAX = 80;

export function previewOf(value: unknown, charsMax = CHARS_MAX): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  // Cut first: a result may be megabytes long.
  const line = text
    .slice(0, charsMax * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .toWellFormed()
    .trim();
  return line.length > charsMax ? `${line.slice(0, charsMax - 1).toWellFormed()}…` : line;
}
