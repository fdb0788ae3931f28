// Reading a fact out of search results: "1. <title> — <text> (<source>, <date>)", best first.

import type { Fact } from "./fact.ts";
import { valueIn } from "./measures.ts";

export interface Reading {
  /** The sentence of the source that says it. */
  readonly sentence: string;
  readonly source: string;
  readonly date: string;
  /** In the planner's unit for the fact's measure. */
  readonly value: number | undefined;
}

interface PrintedHit {
  readonly title: string;
  readonly text: string;
  readonly source: string;
  readonly date: string;
}

const ENTRY = /^\s*\d+\.\s+(.+?)\s+—\s+(.+)\s+\((.+),\s*([^(),]+)\)\s*$/gm;
/** How much of what was asked for an entry must speak of. */
const SUBJECT_SHARE = 0.5;
/** "invented" and "invention" are one word to the planner. */
const STEM_CHARS = 6;
const STOP_WORDS = new Set(
  "the of a an in on is are was were did does do and to for what who when where which why how year mount".split(
    " ",
  ),
);

export function readFact(fact: Fact, texts: readonly string[]): Reading | undefined {
  const subject = wordsOf(fact.subject);
  const property = wordsOf(fact.property);
  const scored = texts.flatMap(entriesIn).flatMap((entry) => {
    const about = wordsOf(`${entry.title} ${entry.text}`);
    const known = overlap(subject, about);
    if (known < Math.max(1, Math.ceil(subject.size * SUBJECT_SHARE))) return [];
    if (property.size > 0 && fact.measure === undefined && overlap(property, about) === 0)
      return [];
    const reading = readingOf(fact, entry);
    if (reading === undefined) return [];
    const title = wordsOf(entry.title);
    const score =
      known * 2 + overlap(subject, title) * 2 + overlap(property, about) + overlap(property, title);
    return [{ reading, score: score - title.size / 10 }];
  });
  return scored.reduce<{ reading: Reading; score: number } | undefined>(
    (best, next) => (best === undefined || next.score > best.score ? next : best),
    undefined,
  )?.reading;
}

/** A sentence out of its place keeps its subject. */
function named(sentence: string, title: string): string {
  return sentence
    .replace(/^(?:It|He|She|They)\b/, title)
    .replace(/^(?:Its|His|Her|Their)\b/, `${title}'s`);
}

function readingOf(fact: Fact, { title, text, source, date }: PrintedHit): Reading | undefined {
  const sentences = text.split(/(?<=[.!?])\s+(?=[A-Z0-9])/);
  const { measure, property } = fact;
  const [asked, subject] = [wordsOf(property), wordsOf(fact.subject)];
  const scoreOf = (sentence: string): number => {
    const words = wordsOf(sentence);
    return overlap(asked, words) * 3 + overlap(subject, words);
  };
  const candidates = sentences.flatMap((sentence) => {
    const value = measure === undefined ? undefined : valueIn(sentence, measure, property);
    if (measure !== undefined && value === undefined) return [];
    return [{ sentence, value, score: scoreOf(sentence) }];
  });
  const best = candidates.toSorted((a, b) => b.score - a.score)[0];
  if (best === undefined) return undefined;
  return {
    sentence: named(best.sentence.replace(/[.\s]+$/, ""), title),
    value: best.value,
    source,
    date,
  };
}

/** Tools may wrap their text in JSON; entries keep their form inside it. */
function entriesIn(text: string): PrintedHit[] {
  return [...unwrapped(text).matchAll(ENTRY)].map((match) => {
    const [, title = "", body = "", source = "", date = ""] = match;
    return { title, text: body, source, date };
  });
}

function unwrapped(text: string): string {
  try {
    return stringsIn(JSON.parse(text)).join("\n");
  } catch {
    return text;
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

function wordsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words
      .filter((word) => !STOP_WORDS.has(word))
      .map((word) => word.replace(/s$/, "").slice(0, STEM_CHARS)),
  );
}

function overlap(some: ReadonlySet<string>, others: ReadonlySet<string>): number {
  return [...some].filter((word) => others.has(word)).length;
}
