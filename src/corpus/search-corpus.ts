// A small library of dated facts that ships with Pawl, so that an agent can look things up with no
// search service and no network. Ranked by BM25+.

import { readFileSync } from "node:fs";
import MiniSearch from "minisearch";
import { z } from "zod";
import { packageFile } from "../package-root.ts";

export interface DatedFact {
  readonly title: string;
  readonly text: string;
  /** Publication and year. */
  readonly source: string;
  /** The time that the fact is about. */
  readonly date: string;
}

export interface Corpus {
  readonly facts: readonly DatedFact[];
  search(query: string, factsMax: number): readonly DatedFact[];
}

const factSchema = z.strictObject({
  title: z.string().min(1),
  text: z.string().min(1),
  source: z.string().min(1),
  date: z.string().min(1),
});

/** They say nothing about what is looked for, and "what is the" would find half of the library. */
const STOP_WORDS = new Set(
  "a an and are as at be by did do does for from give had has have how i in is it its me much many of on or that the their there this to was were what when where which who whom whose why will with".split(
    " ",
  ),
);

/** What people call by several words is filed under one; both sides of a search are rewritten alike. */
const SYNONYMS: ReadonlyMap<string, string | string[]> = new Map<string, string | string[]>([
  ["people", "population"],
  ["inhabitants", "population"],
  ["world", "earth"],
  ["tall", "height"],
  ["high", "height"],
  ["elevation", "height"],
  ["highest", "tallest"],
  ["long", "length"],
  ["deep", "depth"],
  ["big", "size"],
  ["biggest", "largest"],
  ["metre", "meter"],
  ["metres", "meter"],
  ["us", ["united", "state"]],
  ["usa", ["united", "state"]],
  ["uk", ["united", "kingdom"]],
  ["britain", ["united", "kingdom"]],
]);

let bundled: Corpus | undefined;

/** Read and indexed at the first search. */
export function bundledCorpus(): Corpus {
  bundled ??= createCorpus(readFacts(packageFile("src/corpus/corpus.jsonl")));
  return bundled;
}

export function createCorpus(facts: readonly DatedFact[]): Corpus {
  const index = new MiniSearch<DatedFact & { readonly id: number }>({
    fields: ["title", "text"],
    processTerm,
  });
  index.addAll(facts.map((fact, id) => ({ ...fact, id })));
  return {
    facts,
    search: (query, factsMax) =>
      index
        .search(query, { boost: { title: 4 } })
        .slice(0, factsMax)
        .flatMap(({ id }) => facts[Number(id)] ?? []),
  };
}

function processTerm(term: string): string | string[] | null {
  const word = term
    .normalize("NFKD")
    .replaceAll(/\p{M}|['’]s$/gu, "")
    .toLowerCase();
  if (word === "" || STOP_WORDS.has(word)) return null;
  return SYNONYMS.get(word) ?? singular(word);
}

/** The plural is all the grammar that titles need. */
function singular(word: string): string {
  if (/(?:ss|us|is)$/.test(word) || word.length < 4) return word;
  return word.replace(/ies$/, "y").replace(/s$/, "");
}

function readFacts(path: string): DatedFact[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => factSchema.parse(JSON.parse(line)));
}
