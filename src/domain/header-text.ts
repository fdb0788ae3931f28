// What an HTTP header can carry: visible ASCII and nothing else. A key that was copied over two lines, or from
// a page that sets its quotes, is refused where it is read, since lower layers would print it in their complaint.

/** Where and what the first character is that no header can carry, without any of the text; null where all can. */
export function unsendableIn(text: string): string | null {
  const characters = Array.from(text);
  const at = characters.findIndex((character) => !/^[\x21-\x7e]$/.test(character));
  const found = characters[at];
  if (found === undefined) return null;
  return `character ${at + 1} of ${characters.length} is ${nameOf(found)}, which no header can carry`;
}

const NAMES: Readonly<Record<string, string>> = {
  "\n": "a line break ",
  "\r": "a line break ",
  "\t": "a tab ",
  " ": "a blank ",
};

function nameOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `${NAMES[character] ?? ""}(U+${code})`;
}
