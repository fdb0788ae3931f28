// Words by which texts are known that want to be obeyed instead of the agent's instructions: a start, to which an
// operator's file adds. A net for what is known, and no protection from prompt injection.

import { compilePattern, type LinearPattern } from "./linear-pattern.ts";

/** `hint`: where none of these words stands, nobody need look closer. */
const KNOWN = {
  override_instructions: {
    hint: /ignore|disregard|forget|override|bypass/i,
    source: String.raw`(?i)\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|every|the|your|my|these|those|of)\s+){0,4}(?:previous|prior|above|earlier|preceding|foregoing|system)\s+(?:instruction|prompt|rule|direction|message|guideline)s?\b`,
  },
  reveal_instructions: {
    hint: /prompt|instruction|message/i,
    source: String.raw`(?i)\b(?:reveal|print|repeat|output|show|tell)\s+(?:(?:me|us|all|the|your|of)\s+){0,4}(?:system|hidden|secret|initial)\s+(?:prompt|instruction|message)s?\b`,
  },
  chat_markup: {
    hint: /<\||INST\]|SYS>/,
    source: String.raw`<\|(?:im_start|im_end|endoftext|system|assistant|user|eot_id|start_header_id|end_header_id)\|>|\[/?INST\]|<<\/?SYS>>`,
  },
} as const;

export interface NamedPattern {
  readonly rule: string;
  readonly pattern: LinearPattern;
}

export const KNOWN_PATTERNS: readonly NamedPattern[] = Object.entries(KNOWN).map(
  ([rule, { hint, source }]) => {
    const whole = compilePattern(source);
    const find = (text: string): number | null => (hint.test(text) ? whole.find(text) : null);
    return { rule, pattern: { source, find } };
  },
);
