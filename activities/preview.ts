// Arguments and results shortened for people: one line, and nothing in it that hides.

import { shownLine } from "../src/domain/shown-text.ts";

const CHARS_MAX = 80;

export function previewOf(value: unknown, charsMax = CHARS_MAX): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return shownLine(text, charsMax);
}
