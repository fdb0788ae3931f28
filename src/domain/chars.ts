// Letters as people count them: code points, and not the units that a string is made of.

export function charsIn(text: string): number {
  let chars = 0;
  for (const _ of text) chars += 1;
  return chars;
}

/** From 1; `at` in UTF-16 units. */
export function placeOf(text: string, at: number): number {
  return charsIn(text.slice(0, at)) + 1;
}
