// What a model or a tool wrote, made safe to read: characters that hide, reorder or control are named
// instead of obeyed. Cuts long texts into pieces that a browser can lay out one by one.

/** Controls but tab and newline, marks of direction, what has no width, tags, halves of pairs. */
const HIDDEN =
  /[^\P{Cc}\t\n\r]|\r(?!\n)|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]|\p{Cs}/gu;

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "hidden"; readonly name: string };

export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(HIDDEN)) {
    if (index > from) pieces.push({ kind: "text", text: text.slice(from, index) });
    pieces.push({ kind: "hidden", name: nameOf(found) });
    from = index + found.length;
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

/** `␛` for escape: the control pictures of Unicode; all else by its number. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The same for places that take only a string: titles, labels. */
export function plain(text: string, charsMax = 200): string {
  const start = text.length > charsMax ? `${text.slice(0, charsMax)}…` : text;
  const pieces = piecesOf(start.replace(/\s+/g, " ").trim());
  return pieces.map((piece) => (piece.kind === "text" ? piece.text : piece.name)).join("");
}

/** A browser lays out a block as a whole; of these it lays out only those in sight. */
export const BLOCK_CHARS = 4096;

/** Adds to the last block and begins new ones where it is full. Joined, the blocks are the text. */
export function appendText(blocks: string[], text: string): void {
  let rest = (blocks.pop() ?? "") + text;
  while (rest.length > BLOCK_CHARS) {
    const cut = cutOf(rest);
    blocks.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  if (rest !== "") blocks.push(rest);
}

/** Behind a newline if there is one, behind a space if not, and never inside of a pair. */
function cutOf(text: string): number {
  const newline = text.lastIndexOf("\n", BLOCK_CHARS - 1);
  if (newline > 0) return newline + 1;
  const space = text.lastIndexOf(" ", BLOCK_CHARS - 1);
  if (space > 0) return space + 1;
  const isPair = /[\ud800-\udbff]/.test(text.charAt(BLOCK_CHARS - 1));
  return isPair ? BLOCK_CHARS - 1 : BLOCK_CHARS;
}
