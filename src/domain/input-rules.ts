// What a task may hold, at every door: how long it is, letters that nobody sees or that turn the reading
// direction, and what an operator's patterns name. A rule flags or blocks, as the operator says; length always
// blocks. What is refused has cost nothing.

import { PawlError } from "./errors.ts";
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

/** By rule: innocent uses, then what it is about. */
const LETTERS: Readonly<Record<string, RegExp>> = {
  control: /()[^\P{Cc}\t\n\r]/gu,
  bidi: /()[\u202a-\u202e\u2066-\u2069]/gu,
  // Flags of regions, and the forms of ideographs in names.
  tags: /(\u{1f3f4}[\u{e0030}-\u{e007a}]{2,6}\u{e007f}|\p{Script=Han}[\u{e0100}-\u{e01ef}])|[\u{e0000}-\u{e0fff}]/gu,
  // Joiners are how Persian, Hindi and family emoji are written.
  zero_width:
    /([\p{L}\p{M}\p{N}\p{Emoji}\ufe0f][\u200c\u200d])|[\u200b-\u200d\u2060-\u2064\u180e\ufeff]/gu,
  lone_surrogate: /()\p{Cs}/gu,
};

/** Throws PawlError INPUT_REJECTED; else what was found and is let in all the same. */
export function admit(text: string, rules: InputRules): readonly InputFinding[] {
  refuseLength(text, rules);
  if (rules.mode === "off") return [];
  const findings = findingsIn(text, rules);
  const [worst] = findings;
  if (rules.mode === "flag" || worst === undefined) return findings;
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

function findingsIn(text: string, { patterns }: InputRules): readonly InputFinding[] {
  const ofLetters = Object.entries(LETTERS).map(
    ([rule, letters]) => [rule, foundBy(letters, text)] as const,
  );
  // Words that are written apart by what nobody sees, or in letters of another width, are read as one.
  const read = readAs(text);
  const ofPatterns = patterns.map((pattern, index) => {
    const at = pattern.find(text) ?? (read === text ? null : pattern.find(read));
    return [`pattern ${index + 1}`, at] as const;
  });
  return [...ofLetters, ...ofPatterns].flatMap(([rule, at]) =>
    at === null ? [] : [{ rule, position: charsIn(text.slice(0, at)) + 1 }],
  );
}

function foundBy(letters: RegExp, text: string): number | null {
  for (const match of text.matchAll(letters)) if (!match[1]) return match.index;
  return null;
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

function charsIn(text: string): number {
  let chars = 0;
  for (const _ of text) chars += 1;
  return chars;
}
