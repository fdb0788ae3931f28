// What a model writes stands behind a margin, line by line, also where the terminal would break a line by
// itself: so no text of a model can pass for a line of ours, which begin where the margin is.

export const MARGIN = "│ ";
const MARGIN_COLUMNS = 2;
const TAB_COLUMNS = 8;

export interface Margin {
  /** The text as it is to be written where the last one ended. */
  within(text: string): string;
  /** The next text begins a line. */
  reset(): void;
}

/** `columns` is asked anew for each text, as windows change; undefined or 0 where it is not known. */
export function createMargin(columns: () => number | undefined): Margin {
  let column = 0;
  return {
    within(text) {
      const known = columns() ?? 0;
      const width = known > 0 ? Math.max(known, MARGIN_COLUMNS + TAB_COLUMNS) : Infinity;
      let shown = "";
      for (const letter of text) {
        if (letter === "\n") {
          shown += column === 0 ? `${MARGIN.trimEnd()}\n` : "\n";
          column = 0;
          continue;
        }
        const wide = columnsOf(letter, column);
        if (column > 0 && column + wide > width) {
          shown += "\n";
          column = 0;
        }
        if (column === 0) {
          shown += MARGIN;
          column = MARGIN_COLUMNS;
        }
        shown += letter;
        column += wide;
      }
      return shown;
    },
    reset() {
      column = 0;
    },
  };
}

/** Latin, Greek and Cyrillic letters; of all others two columns are the most. */
const NARROW = /^[\u0020-\u007e\u00a1-\u02ff\u0370-\u052f\u2010-\u2027\u20a0-\u20bf]$/u;

function columnsOf(letter: string, column: number): number {
  if (letter === "\t") return TAB_COLUMNS - (column % TAB_COLUMNS);
  return NARROW.test(letter) ? 1 : 2;
}
