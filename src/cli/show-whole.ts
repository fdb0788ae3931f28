// Shows a person all lines of something long, a screen at a time: what runs past unread was not shown.

import type { Ask, Output } from "./context.ts";

/** Of a terminal that does not say how high it is, or says 0. */
const ROWS = 24;
/** For the question below, and a line of what was there before. */
const ROWS_KEPT = 3;

/** False where the person leaves before the end. */
export async function showWhole(out: Output, ask: Ask, lines: readonly string[]): Promise<boolean> {
  const height = out.rows ?? 0;
  const rows = (height > ROWS_KEPT ? height : ROWS) - ROWS_KEPT;
  for (let from = 0; from < lines.length; from += rows) {
    const to = Math.min(from + rows, lines.length);
    out.write(`${lines.slice(from, to).join("\n")}\n`);
    const more = lines.length - to;
    if (more === 0) break;
    const answer = await ask(`-- ${more} more lines: Enter goes on, q leaves -- `);
    if (answer.trim() !== "") return false;
  }
  return true;
}
