// The mark of a run whose task, or what people said to it, meets a rule that only flags (docs/input.md). Findings of
// hidden letters are read from a message itself, since whoever may signal may leave them out; those of patterns come
// with it from the door that has the operator's file.

import { placeOf } from "../chars.ts";
import { cleaned } from "../hidden-letters.ts";
import type { InputFinding } from "../input-rules.ts";
import type { RunFact } from "./facts.ts";
import { isNews } from "./mail.ts";
import type { UserMessage } from "./order.ts";
import type { Memory, RunState } from "./state.ts";

const RULES_MAX = 50;

export function findingsOf({ text, flagged = [] }: UserMessage): readonly InputFinding[] {
  const hidden = cleaned(text).found.map(({ rule, at }) => ({ rule, position: placeOf(text, at) }));
  const own: readonly string[] = hidden.map(({ rule }) => rule);
  return [...hidden, ...flagged.filter(({ rule }) => !own.includes(rule))];
}

/** In one order, whichever came first: people and results may be folded either way. */
export function foldFlagged(
  before: RunState,
  fact: RunFact,
): { readonly flagged?: readonly string[] } {
  const found = foundIn(before, fact);
  if (found.length === 0) return {};
  const rules = [...(before.flagged ?? []), ...found.map(({ rule }) => rule)];
  return { flagged: [...new Set(rules)].toSorted().slice(0, RULES_MAX) };
}

function foundIn({ mail }: RunState, fact: RunFact): readonly InputFinding[] {
  if (fact.kind === "opened") return fact.opened.flagged ?? [];
  return fact.kind === "said" && isNews(mail, fact.message) ? findingsOf(fact.message) : [];
}

/** Where the operator looks no closer, nothing is flagged. */
export function flagsOf({ flagged = [], memory }: RunState): readonly string[] {
  return takesInputAsIs(memory) ? [] : flagged;
}

export function takesInputAsIs(memory: Memory | null): boolean {
  return memory?.snapshot.inputAsIs === true;
}
