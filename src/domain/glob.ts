// Paths by a pattern, as people write them: `*.md`, `src/**/*.{ts,tsx}`, `report-[0-9]?.csv`. It is followed step by
// step, so that a folder in which nothing can match is never entered; and no pattern takes more than its own length
// times that of a name.

export interface Glob {
  /** Where the pattern begins. */
  readonly start: GlobState;
}

/** How far the pattern may have come at a folder. */
export interface GlobState {
  /** The state below an entry of that name, and whether the entry itself is meant. */
  step(name: string): { readonly isMatch: boolean; readonly below: GlobState | null };
}

type Step = { readonly kind: "any" } | { readonly kind: "name"; readonly parts: readonly Part[] };
type Part =
  | { readonly kind: "letter"; readonly matches: (letter: string) => boolean }
  | { readonly kind: "run" };

const ALTERNATIVES_MAX = 64;

/** Throws a plain Error with what is wrong about it. */
export function compileGlob(pattern: string): Glob {
  const ways = alternatives(pattern).map((plain) => plain.split("/").map(stepOf));
  return {
    start: stateAt(
      ways,
      ways.map(() => new Set([0])),
    ),
  };
}

/** Of each way, the steps that may come next. */
function stateAt(
  ways: readonly (readonly Step[])[],
  places: readonly ReadonlySet<number>[],
): GlobState {
  const open = ways.map((steps, way) => withSkipped(steps, places[way] ?? new Set()));
  return {
    step(name) {
      const next = ways.map((steps, way) => after(steps, open[way] ?? new Set(), name));
      const isMatch = ways.some((steps, way) => isDone(steps, next[way] ?? new Set()));
      const goesOn = ways.some((steps, way) =>
        [...(next[way] ?? [])].some((place) => place < steps.length),
      );
      return { isMatch, below: goesOn ? stateAt(ways, next) : null };
    },
  };
}

/** `**` may stand for no folder at all. */
function withSkipped(steps: readonly Step[], places: ReadonlySet<number>): ReadonlySet<number> {
  const all = new Set(places);
  for (let place = 0; place < steps.length; place += 1) {
    if (all.has(place) && steps[place]?.kind === "any") all.add(place + 1);
  }
  return all;
}

function after(
  steps: readonly Step[],
  places: ReadonlySet<number>,
  name: string,
): ReadonlySet<number> {
  const next = new Set<number>();
  for (const place of places) {
    const step = steps[place];
    if (step?.kind === "any") next.add(place);
    else if (step !== undefined && matches(step.parts, [...name])) next.add(place + 1);
  }
  return next;
}

/** All steps are behind it; `a/**` means what lies in `a`, at any depth. */
function isDone(steps: readonly Step[], places: ReadonlySet<number>): boolean {
  const last = steps.length - 1;
  return places.has(steps.length) || (steps[last]?.kind === "any" && places.has(last));
}

/** Goes back to the last `*` alone, which is enough. */
function matches(parts: readonly Part[], name: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let run = -1;
  let runAt = 0;
  while (at < name.length) {
    const wanted = parts[part];
    if (wanted?.kind === "run") {
      run = part;
      runAt = at;
      part += 1;
    } else if (wanted?.matches(name[at] ?? "") === true) {
      part += 1;
      at += 1;
    } else if (run !== -1) {
      runAt += 1;
      at = runAt;
      part = run + 1;
    } else {
      return false;
    }
  }
  return parts.slice(part).every(({ kind }) => kind === "run");
}

function stepOf(text: string): Step {
  if (text === "**") return { kind: "any" };
  if (text === "" || text === "." || text === "..") {
    throw new Error("it has a step that is empty, . or ..");
  }
  const parts: Part[] = [];
  const letters = [...text];
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at] ?? "";
    if (letter === "[") {
      const end = letters.indexOf("]", at + 2);
      if (end === -1) throw new Error("it has a [ that nothing closes");
      parts.push(classOf(letters.slice(at + 1, end)));
      at = end;
    } else if (letter === "*") {
      parts.push({ kind: "run" });
    } else {
      parts.push({ kind: "letter", matches: (found) => letter === "?" || found === letter });
    }
  }
  return { kind: "name", parts };
}

function classOf(inside: readonly string[]): Part {
  const isNegated = inside[0] === "!" || inside[0] === "^";
  const letters = isNegated ? inside.slice(1) : inside;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < letters.length; at += 1) {
    const from = letters[at] ?? "";
    const isRange = letters[at + 1] === "-" && at + 2 < letters.length;
    ranges.push([from, isRange ? (letters[at + 2] ?? from) : from]);
    if (isRange) at += 2;
  }
  const isIn = (found: string): boolean =>
    ranges.some(([from, to]) => from <= found && found <= to);
  return { kind: "letter", matches: (found) => isIn(found) !== isNegated };
}

/** `{a,b}` as so many patterns. */
function alternatives(pattern: string): readonly string[] {
  let ways = [""];
  let rest = pattern;
  for (let found = nextBraces(rest); found !== null; found = nextBraces(rest)) {
    const { before, choices } = found;
    ways = ways.flatMap((way) => choices.map((choice) => way + before + choice));
    if (ways.length > ALTERNATIVES_MAX) {
      throw new Error(`its braces make more than ${ALTERNATIVES_MAX} patterns`);
    }
    rest = found.rest;
  }
  return ways.map((way) => way + rest);
}

interface Braces {
  readonly before: string;
  readonly choices: readonly string[];
  readonly rest: string;
}

function nextBraces(text: string): Braces | null {
  const [whole, before = "", inside = ""] = /^([^{}]*)\{([^{}]*)\}/.exec(text) ?? [];
  if (whole === undefined) {
    if (/[{}]/.test(text)) throw new Error("its braces are not closed, or lie in one another");
    return null;
  }
  return { before, choices: inside.split(","), rest: text.slice(whole.length) };
}
