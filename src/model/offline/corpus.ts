// The corpus behind server-side search: the same file that the client tool `web_search` reads.

import { existsSync, readFileSync } from "node:fs";
import MiniSearch from "minisearch";
import { z } from "zod";
import { packageFile } from "../../package-root.ts";

const entrySchema = z.object({
  title: z.string(),
  text: z.string(),
  source: z.string(),
  date: z.string(),
});
export type CorpusEntry = z.infer<typeof entrySchema>;

const RESULTS_MAX = 5;
let index: { search: MiniSearch; entries: readonly CorpusEntry[] } | undefined;

/** Best first. Without the file nothing is ever found. */
export function searchCorpus(query: string): CorpusEntry[] {
  index ??= load();
  const { search, entries } = index;
  return search
    .search(query, { boost: { title: 2 } })
    .slice(0, RESULTS_MAX)
    .map((hit) => entries[Number(hit.id)])
    .filter((entry) => entry !== undefined);
}

function load(): { search: MiniSearch; entries: readonly CorpusEntry[] } {
  const file = packageFile("activities/tools/corpus.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const entries = lines
    .filter((line) => line.trim() !== "")
    .map((line) => entrySchema.parse(JSON.parse(line)));
  const search = new MiniSearch({ fields: ["title", "text"] });
  search.addAll(entries.map((entry, id) => ({ id, ...entry })));
  return { search, entries };
}
