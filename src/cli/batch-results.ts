// The results of a batch as a file, and why items failed, for those who read no file.

import type { ItemResult } from "../domain/batch.ts";
import { shownLine } from "../domain/shown-text.ts";
import { count, outcomeText } from "./format.ts";
import { writePrivately } from "./told-files.ts";

export interface ResultsWritten {
  readonly lines: number;
  /** Items that failed, by why they did. */
  readonly failed: ReadonlyMap<string, readonly string[]>;
}

/** Throws PawlError FILE_UNUSABLE. */
export async function writeResults(
  results: AsyncIterable<ItemResult>,
  file: string,
): Promise<ResultsWritten> {
  const failed = new Map<string, string[]>();
  async function* noted(): AsyncGenerator<string, void, undefined> {
    for await (const result of results) {
      if (result.outcome.kind === "failed") {
        const why = outcomeText(result.outcome);
        const items = failed.get(why) ?? [];
        failed.set(why, [...items.slice(0, NAMED_MAX), result.id]);
      }
      yield `${JSON.stringify(result)}\n`;
    }
  }
  const lines = await writePrivately(file, noted());
  return { lines, failed };
}

const NAMED_MAX = 3;
const REASONS_MAX = 5;

/** `failed (UNKNOWN_AGENT): There is no agent nobody. …: a, b` */
export function failureLines({ failed }: ResultsWritten): readonly string[] {
  const shown = [...failed].slice(0, REASONS_MAX).map(([why, items]) => {
    const named = items.slice(0, NAMED_MAX).map((id) => shownLine(id, 40));
    const more = items.length > NAMED_MAX ? " and others" : "";
    return `${shownLine(why, 400)} (${named.join(", ")}${more})`;
  });
  const left = failed.size - shown.length;
  return left === 0 ? shown : [...shown, `and ${count(left, "other reason")}: see the results`];
}
