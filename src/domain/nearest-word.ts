// Which known word was likely meant by one that nobody knows.

/** Null where none is near. `stepsMax`: letters that may be put in, taken out or changed. */
export function nearestWord(
  word: string,
  known: readonly string[],
  stepsMax = Math.max(2, word.length / 3),
): string | null {
  const [best] = known
    .map((candidate) => ({ candidate, steps: stepsTo(candidate, word) }))
    .toSorted((a, b) => a.steps - b.steps);
  return best !== undefined && best.steps <= stepsMax ? best.candidate : null;
}

/** A sentence to put behind others; empty where none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === null ? "" : ` Did you mean ${nearest}?`;
}

/** Whose beginning alone was written is near. */
function stepsTo(candidate: string, word: string): number {
  return word.length > 3 && candidate.startsWith(word) ? 1 : stepsBetween(word, candidate);
}

/** Letters to put in, take out or change (Levenshtein). */
function stepsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(to).entries()) {
      const change = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
