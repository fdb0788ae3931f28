// What a task or a message may hold, at every door: how long it is, letters that nobody sees or that turn the reading
// direction, and what patterns name, ours and the operator's. A rule flags or blocks, as the operator says; length
// always blocks. What is refused has cost nothing; what is let in is read without the letters that nobody sees.

import { charsIn, placeOf } from "./chars.ts";
import { PawlError } from "./errors.ts";
import { cleaned } from "./hidden-letters.ts";
import { KNOWN_PATTERNS } from "./known-patterns.ts";
import type { LinearPattern } from "./linear-pattern.ts";

export interface InputRules {
  /** In characters. */
  readonly charsMax: number;
  readonly mode: "flag" | "block" | "off";
  readonly patterns: readonly LinearPattern[];
}

export const INPUT_RULES_DEFAULT: InputRules = { charsMax: 100_000, mode: "flag", patterns: [] };

/** The first place where a rule is met. */
export interface InputFinding {
  readonly rule: string;
  /** In characters, from 1. */
  readonly position: number;
}

/** A text that is let in. */
export interface Admitted {
  /** As the model reads it: without what nobody sees, unless nobody looks. */
  readonly text: string;
  readonly findings: readonly InputFinding[];
}

/** Throws PawlError INPUT_REJECTED; else what was found and is let in all the same. */
export function admit(given: string, rules: InputRules): Admitted {
  refuseLength(given, rules);
  if (rules.mode === "off") return { text: given.toWellFormed(), findings: [] };
  const { text, found } = cleaned(given);
  const findings = findingsIn(given, found, rules);
  const [worst] = findings;
  if (rules.mode === "flag" || worst === undefined) return { text, findings };
  const { rule, position } = worst;
  throw new PawlError(
    "INPUT_REJECTED",
    `The text breaks the rule ${rule} at character ${position}.`,
  );
}

/** True of a text that shows nothing at all. */
export function isBlank(text: string): boolean {
  return readAs(text).trim() === "";
}

function refuseLength(text: string, { charsMax }: InputRules): void {
  if (text.length <= charsMax) return;
  const chars = charsIn(text);
  if (chars <= charsMax) return;
  throw new PawlError(
    "INPUT_REJECTED",
    `The text breaks the rule length at character ${charsMax + 1}: it has ${chars} characters, and ${charsMax} are possible.`,
    { next: "shorten it; an operator sets PAWL_INPUT_MAX_CHARS" },
  );
}

function findingsIn(
  text: string,
  hidden: ReturnType<typeof cleaned>["found"],
  { patterns }: InputRules,
): readonly InputFinding[] {
  // Words that are written apart by what nobody sees, or in letters of another width, are read as one.
  const read = readAs(text);
  const own = patterns.map((pattern, index) => ({ rule: `pattern ${index + 1}`, pattern }));
  const ofPatterns = [...KNOWN_PATTERNS, ...own].flatMap(({ rule, pattern }) => {
    const at = pattern.find(text) ?? (read === text ? null : pattern.find(read));
    return at === null ? [] : [{ rule, at }];
  });
  return [...hidden, ...ofPatterns].map(({ rule, at }) => ({ rule, position: placeOf(text, at) }));
}

const UNSEEN = new RegExp(
  [
    String.raw`[^\P{Cc}\t\n\r]`,
    String.raw`[\u00ad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164]`,
    String.raw`[\ufe00-\ufe0f\ufeff\uffa0\u{e0000}-\u{e0fff}]`,
  ].join("|"),
  "gu",
);

function readAs(text: string): string {
  return text.replaceAll(UNSEEN, "").normalize("NFKC");
}
