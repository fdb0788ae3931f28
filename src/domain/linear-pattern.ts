// Regular expressions that somebody else wrote, matched in time that grows with the text alone: all ways through
// the expression are followed at once, none is tried again. So what needs trying again (references to a group,
// looking ahead or behind) is refused when the expression is read.
//
// Invariants; each number is also the name of a test.
//   Q1. It matches the texts that JavaScript's own does, for every expression that is taken.
//   Q2. No expression makes a text of n letters cost more than n times its own length.

import { parsePattern, type Node, type OneLetter } from "./pattern-syntax.ts";

export interface LinearPattern {
  readonly source: string;
  /** Where the match begins that ends first, in UTF-16 units; null where there is none. */
  find(text: string): number | null;
}

/** As many ways may have to be followed at each letter. */
const STEPS_MAX = 2000;

type Step =
  | { readonly kind: "letter"; readonly matches: OneLetter }
  | { readonly kind: "assert"; readonly holds: (at: Place) => boolean }
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "match" };

interface Place {
  /** -1 before the first letter and behind the last. */
  readonly before: number;
  readonly after: number;
}

/** Throws a plain Error with what is wrong about it. */
export function compilePattern(source: string): LinearPattern {
  const steps: Step[] = [];
  emit(parsePattern(source), steps);
  push(steps, { kind: "match" });
  const find = (text: string): number | null => search(steps, text);
  if (find("") !== null) throw new Error("it matches the empty text, and so every text");
  return { source, find };
}

function push<S extends Step>(steps: Step[], step: S): S {
  if (steps.length >= STEPS_MAX) throw new Error(`it is longer than ${STEPS_MAX} steps`);
  steps.push(step);
  return step;
}

function emit(node: Node, steps: Step[]): void {
  switch (node.kind) {
    case "letter":
      push(steps, node);
      return;
    case "assert":
      push(steps, { kind: "assert", holds: ASSERTIONS[node.what] });
      return;
    case "all":
      for (const part of node.parts) emit(part, steps);
      return;
    case "either":
      return emitEither(node.parts, steps);
    case "repeat":
      return emitRepeat(node, steps);
  }
}

function emitEither(parts: readonly Node[], steps: Step[]): void {
  const ends: { to: number }[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) {
      emit(part, steps);
      break;
    }
    const split = push(steps, { kind: "split", first: steps.length + 1, second: 0 });
    emit(part, steps);
    ends.push(push(steps, { kind: "jump", to: 0 }));
    split.second = steps.length;
  }
  for (const end of ends) end.to = steps.length;
}

function emitRepeat({ part, min, max }: Extract<Node, { kind: "repeat" }>, steps: Step[]): void {
  for (let count = 0; count < min; count += 1) emit(part, steps);
  if (max === Infinity) {
    const split = push(steps, { kind: "split", first: steps.length + 1, second: 0 });
    const from = steps.length - 1;
    emit(part, steps);
    push(steps, { kind: "jump", to: from });
    split.second = steps.length;
    return;
  }
  const splits: { second: number }[] = [];
  for (let count = min; count < max; count += 1) {
    splits.push(push(steps, { kind: "split", first: steps.length + 1, second: 0 }));
    emit(part, steps);
  }
  for (const split of splits) split.second = steps.length;
}

const isWord = (code: number): boolean => code >= 0 && /^\w$/.test(String.fromCodePoint(code));
const isBoundary = ({ before, after }: Place): boolean => isWord(before) !== isWord(after);

const ASSERTIONS = {
  start: ({ before }: Place) => before === -1,
  end: ({ after }: Place) => after === -1,
  boundary: isBoundary,
  noBoundary: (at: Place) => !isBoundary(at),
} as const;

/** The ways that are open at one letter: each step once, with where the match that leads to it began. */
class Ways {
  readonly steps: number[] = [];
  readonly starts: number[] = [];
  readonly #seen: Int32Array;
  #round = 0;

  constructor(size: number) {
    this.#seen = new Int32Array(size);
  }

  clear(): void {
    this.steps.length = 0;
    this.starts.length = 0;
    this.#round += 1;
  }

  /** Follows what takes no letter. True where a match has ended here. */
  add(program: readonly Step[], from: number, start: number, at: Place): boolean {
    const open = [from];
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      if (this.#seen[step] === this.#round) continue;
      this.#seen[step] = this.#round;
      const what = program[step];
      if (what === undefined) continue;
      if (what.kind === "match") return true;
      if (what.kind === "jump") open.push(what.to);
      else if (what.kind === "split") open.push(what.second, what.first);
      else if (what.kind === "assert") {
        if (what.holds(at)) open.push(step + 1);
      } else {
        this.steps.push(step);
        this.starts.push(start);
      }
    }
    return false;
  }
}

function search(program: readonly Step[], text: string): number | null {
  let now = new Ways(program.length);
  let next = new Ways(program.length);
  let before = -1;
  let index = 0;
  now.clear();
  while (true) {
    const after = text.codePointAt(index) ?? -1;
    if (now.add(program, 0, index, { before, after })) return index;
    if (after === -1) return null;
    const behind = index + (after > 0xffff ? 2 : 1);
    const place = { before: after, after: text.codePointAt(behind) ?? -1 };
    next.clear();
    for (const [way, step] of now.steps.entries()) {
      const what = program[step];
      const start = now.starts[way] ?? index;
      if (what?.kind !== "letter" || !what.matches(after)) continue;
      if (next.add(program, step + 1, start, place)) return start;
    }
    [now, next] = [next, now];
    [before, index] = [after, behind];
  }
}
