// What is wrong in a file of the user's: where, what, and what would be right.

export interface Mistake {
  /** As seen from the project folder. */
  readonly file: string;
  /** Null where it is in no line: a file that is not there, two files that disagree. */
  readonly line: number | null;
  /** Each a sentence or two. */
  readonly what: string;
  readonly remedy: string;
}

/** A place in an agent, by its fields. */
export type Path = readonly (string | number)[];

export function mistakeText({ file, line, what, remedy }: Mistake): string {
  return `${file}${line === null ? "" : `:${line}`}: ${what} ${remedy}`.trim();
}

/** Of the first place in a text where it says any of these. */
export function lineSaying(text: string, ...words: readonly string[]): number | null {
  for (const word of words) {
    const at = text.indexOf(word);
    if (at !== -1) return lineAt(text, at);
  }
  return null;
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
