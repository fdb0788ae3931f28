// Letters of a text that nobody sees, that turn the reading direction or that control: found, and taken out. One pass
// from left to right; whether a letter is innocent depends on what is kept before it, so a text that was cleaned once
// has nothing left to clean.
//
//   T3. Cleaning twice is cleaning once; no text gets longer by it; nothing that comes out is half a character.

export const HIDDEN_RULES = ["control", "bidi", "tags", "zero_width", "lone_surrogate"] as const;

export type HiddenRule = (typeof HIDDEN_RULES)[number];

interface Hidden {
  readonly rule: HiddenRule;
  /** In UTF-16 units. */
  readonly at: number;
}

export interface Cleaned {
  readonly text: string;
  /** The first place of each rule that was met. */
  readonly found: readonly Hidden[];
}

export function cleaned(text: string): Cleaned {
  if (!SUSPECT.test(text)) return { text, found: [] };
  const found = new Map<HiddenRule, number>();
  const kept: string[] = [];
  let before = "";
  for (let at = 0; at < text.length;) {
    const letter = flagAt(text, at) ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
    const rule = ruleOn(letter, before);
    if (rule !== null && !found.has(rule)) found.set(rule, at);
    const stays =
      rule === null ? letter : (INSTEAD[letter] ?? (rule === "lone_surrogate" ? LOST : ""));
    if (stays !== "") before = rule === null ? lastOf(letter) : stays;
    kept.push(stays);
    at += letter.length;
  }
  const inOrder = HIDDEN_RULES.flatMap((rule) => {
    const at = found.get(rule);
    return at === undefined ? [] : [{ rule, at }];
  });
  return { text: kept.join(""), found: inOrder };
}

/** As a model reads it: where nothing would be left, that something was there. */
export function readText(text: string): string {
  const { text: read } = cleaned(text);
  return read.trim() === "" ? LOST : read;
}

/** What could be one of them: most texts have none. */
const SUSPECT =
  /[^\P{Cc}\t\n\r]|\p{Cs}|[\u180e\u200b-\u200d\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|[\u{e0000}-\u{e0fff}]/u;

const LOST = "\ufffd";
/** Vertical tab, form feed and next line stand between words. */
const INSTEAD: Readonly<Record<string, string>> = { "\v": " ", "\f": " ", "\u0085": " " };

const CONTROL = /^[^\P{Cc}\t\n\r]$/u;
const BIDI = /^[\u202a-\u202e\u2066-\u2069]$/u;
const TAG = /^[\u{e0000}-\u{e0fff}]$/u;
const VARIATION = /^[\u{e0100}-\u{e01ef}]$/u;
const JOINER = /^[\u200c\u200d]$/u;
const ZERO_WIDTH = /^[\u200b\u2060-\u2064\u180e\ufeff]$/u;
/** Joiners are how Persian, Hindi and family emoji are written. */
const JOINED = /^[\p{L}\p{M}\p{N}\p{Emoji}\ufe0f]$/u;
/** Flags of regions. */
const FLAG = /^\u{1f3f4}[\u{e0030}-\u{e007a}]{2,6}\u{e007f}/u;
const FLAG_UNITS_MAX = 16;

function flagAt(text: string, at: number): string | null {
  if (text.charCodeAt(at) !== 0xd83c) return null;
  return FLAG.exec(text.slice(at, at + FLAG_UNITS_MAX))?.[0] ?? null;
}

function ruleOn(letter: string, before: string): HiddenRule | null {
  const [first = 0] = [letter.codePointAt(0)];
  if (first >= 0xd800 && first <= 0xdfff) return "lone_surrogate";
  if (first < 0xa0) return CONTROL.test(letter) ? "control" : null;
  if (BIDI.test(letter)) return "bidi";
  // The forms of ideographs in names.
  if (TAG.test(letter)) {
    return VARIATION.test(letter) && /^\p{Script=Han}$/u.test(before) ? null : "tags";
  }
  if (JOINER.test(letter)) return JOINED.test(before) ? null : "zero_width";
  return ZERO_WIDTH.test(letter) ? "zero_width" : null;
}

function lastOf(letter: string): string {
  return Array.from(letter).at(-1) ?? "";
}
