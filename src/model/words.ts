// What something that is no Messages API has said, as words: a page without its markup.

const CHARS_MAX = 2000;

/** Whole up to a length that no message needs. */
export function plainWords(text: string): string {
  const words = text
    .replace(/<(script|style)\b[\s\S]*?<\/\1\s*>/gi, " ")
    .replace(/<[^<>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return words.length > CHARS_MAX ? `${words.slice(0, CHARS_MAX)} …` : words;
}
