// Text from outside, made safe to show to a model and to a terminal: nothing in it is invisible,
// moves the cursor, turns the reading direction or hides a message. Such characters stay, but spelled
// out as `\u202e`; inside JSON that spelling still means the same character.

// Joiners (ZWNJ, ZWJ) are how Persian, Hindi and family emoji are written, and U+FE0E/F picks the look
// of an emoji: they pass behind a visible character and nowhere else.
const INVISIBLE = new RegExp(
  [
    String.raw`[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]`, // controls, without tab and line ends
    String.raw`\r(?!\n)`, // overwrites the line in a terminal
    String.raw`[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufeff\ufff0-\ufffb]`,
    String.raw`[\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0d]`,
    String.raw`[\u200c\u200d\ufe0e\ufe0f](?<![^\s\p{C}\u200c\u200d\ufe00-\ufe0f][\ufe0e\ufe0f]?[\u200c\u200d\ufe0e\ufe0f])`,
    String.raw`[\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]`, // tags: text that only a model reads
  ].join("|"),
  "gu",
);

export function visibleText(text: string): string {
  return text.toWellFormed().replaceAll(INVISIBLE, spelledOut);
}

const spellings = new Map<string, string>();

/** Remembered: a hostile text may hold millions of them. */
function spelledOut(character: string): string {
  const known = spellings.get(character);
  if (known !== undefined) return known;
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const spelling = units
    .map((unit) => String.raw`\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
  spellings.set(character, spelling);
  return spelling;
}
