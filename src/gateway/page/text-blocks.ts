// Long texts in pieces that a browser can lay out one by one.

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
