// Text from outside, as people are shown it, in a terminal and on the page: characters that hide, reorder or
// control are spelled out as `⟦U+202E⟧`, and none is obeyed or left out. `⟦` itself is spelled out as well, so
// every mark is ours, and what is shown can be read back into the text.

/**
 * `deciding`: where a person decides on the text. Then what is blank, or looks like another character's absence,
 * is spelled out too: joiners, spaces that are none, letters of nobody. A tab is shown as `⇥` and itself.
 */
export type Reader = "reading" | "deciding";

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "hidden"; readonly name: string };

/** Joiners and U+FE0E/F are how Persian, Hindi and emoji are written. */
const JOINERS = String.raw`[\u200c\u200d\ufe0e\ufe0f]`;

const HIDDEN: Readonly<Record<Reader, RegExp>> = {
  reading: new RegExp(
    [
      String.raw`[^\P{Cc}\t\n\r]|\r(?!\n)`,
      String.raw`(?!${JOINERS})\p{Default_Ignorable_Code_Point}`,
      String.raw`[\u2028\u2029\ufff9-\ufffb⟦]|\p{Cs}`,
    ].join("|"),
    "gu",
  ),
  deciding: new RegExp(
    [
      String.raw`[^\P{Cc}\n]|\p{Cf}|\p{Default_Ignorable_Code_Point}`,
      String.raw`[\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u2800\ufff9-\ufffb⟦⇥]|(?! )\p{Zs}`,
      // Marks that stand on nothing, or pile up until they cover what is beside them.
      String.raw`(?<![\p{L}\p{N}\p{P}\p{S}\p{M}])\p{M}|(?<=\p{M}{4})\p{M}`,
    ].join("|"),
    "gu",
  ),
};

const TAB = "⇥\t";

export function piecesOf(text: string, reader: Reader = "reading"): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const [found, to] of runsIn(text, HIDDEN[reader])) {
    if (found.at > from) pieces.push({ kind: "text", text: text.slice(from, found.at) });
    const times = (to - found.at) / found.character.length;
    pieces.push(
      found.character === "\t"
        ? { kind: "text", text: TAB.repeat(times) }
        : { kind: "hidden", name: nameOf(found.character, times) },
    );
    from = to;
  }
  if (from < text.length) pieces.push({ kind: "text", text: text.slice(from) });
  return pieces;
}

interface Found {
  readonly character: string;
  readonly at: number;
}

/** One character many times in a row is named once: a hostile text may hold millions. */
function* runsIn(text: string, hidden: RegExp): Generator<readonly [Found, number]> {
  let run: Found | null = null;
  let end = 0;
  for (const { 0: character, index } of text.matchAll(hidden)) {
    const goesOn = run !== null && run.character === character && index === end;
    if (run !== null && !goesOn) yield [run, end];
    if (run === null || !goesOn) run = { character, at: index };
    end = index + character.length;
  }
  if (run !== null) yield [run, end];
}

function nameOf(character: string, times: number): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return times === 1 ? `U+${code}` : `U+${code} ×${times}`;
}

/** The same as one string. */
export function spelledOut(text: string, reader: Reader = "reading"): string {
  const pieces = piecesOf(text, reader);
  return pieces.map((piece) => (piece.kind === "text" ? piece.text : `⟦${piece.name}⟧`)).join("");
}

export function marked(character: string, times: number): string {
  return `⟦${nameOf(character, times)}⟧`;
}

/** The marks in a text that is spelled out already. */
export function marksIn(spelled: string): readonly Piece[] {
  const parts = spelled.split(/⟦([^⟧]*)⟧/);
  return parts.flatMap((part, at): Piece[] => {
    if (at % 2 === 1) return [{ kind: "hidden", name: part }];
    return part === "" ? [] : [{ kind: "text", text: part }];
  });
}

/** For what must not be shortened. */
export const WHOLE = Number.POSITIVE_INFINITY;

/** On one line and shortened: for lists, titles and labels, and never where a person decides. */
export function shownLine(text: string, charsMax = 100): string {
  // Cut first: it may be megabytes long.
  const start = spelledOut(text.slice(0, charsMax * 4));
  const line = start.replace(/\s+/g, " ").trim();
  const isWhole = line.length <= charsMax && text.length <= charsMax * 4;
  return isWhole ? line : `${line.slice(0, charsMax - 1).toWellFormed()}…`;
}

const NAME_CHARS = 200;

/** The id of a run, as whoever started it straight at Temporal has chosen it. */
export function shownId(id: string): string {
  return shownLine(id, NAME_CHARS);
}

/** By which a command finds one call of a run. */
export function shownCall(call: { readonly runId: string; readonly callId: string }): string {
  return `${shownId(call.runId)} ${shownLine(call.callId)}`;
}

/** Inside JSON that a person edits, where `\u202e` is the same character. */
export function escapedInJson(json: string): string {
  return json.replaceAll(HIDDEN.deciding, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(""),
  );
}

function escaped(unit: number): string {
  return String.raw`\u${unit.toString(16).padStart(4, "0")}`;
}
