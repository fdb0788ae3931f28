// The arguments of a call, whole, as a person reads them before deciding: one entry a line, strings as the text
// that they are, behind a margin. The same lines stand in a terminal, on the page and in the log.
//
//   A4. Different arguments never show alike: what is shown can be read back into what will be executed.
//   A5. No line of a text can be taken for a line of ours: each row of it stands behind the margin.

import { marked, spelledOut } from "./shown-text.ts";

const COLUMNS = 100;
const ROOM_MIN = 20;
const INLINE_CHARS_MAX = 60;
/** Deeper than that a value is shown as the JSON that it is. */
const DEPTH_MAX = 6;

const MARGIN = "│ ";
const NEW_TEXT = "+ ";
const OLD_TEXT = "- ";
/** A row that goes on with the line above it. */
const GOES_ON = "┆ ";

/** Of tools that change a file: the arguments that are text which comes into it, or goes. */
const CHANGES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["write_file", new Map([["content", NEW_TEXT]])],
  [
    "edit_file",
    new Map([
      ["find", OLD_TEXT],
      ["replace", NEW_TEXT],
    ]),
  ],
]);

interface Entry {
  readonly label: string;
  readonly value: unknown;
  readonly depth: number;
  readonly margin: string;
  /** A word that is replaced by a word stands above it, as a diff has it. */
  readonly isInDiff?: boolean;
}

export function shownArguments(tool: string, input: unknown, columns = COLUMNS): readonly string[] {
  const rows: string[] = [];
  for (const line of linesOf(tool, input)) for (const row of rowsOf(line, columns)) rows.push(row);
  return rows;
}

/** Spelled out, before it is cut into rows. */
interface Line {
  readonly indent: string;
  readonly margin: string;
  readonly text: string;
}

function* linesOf(tool: string, input: unknown): Generator<Line> {
  if (!isObject(input)) {
    yield* entryLines({ label: "(arguments)", value: input, depth: 0, margin: MARGIN });
    return;
  }
  const entries = Object.entries(input);
  if (entries.length === 0) yield ours(0, "(no arguments)");
  const changes = CHANGES.get(tool);
  const isDiff = [...(changes?.values() ?? [])].includes(OLD_TEXT);
  for (const [key, value] of entries) {
    const margin = changes?.get(key) ?? MARGIN;
    // That nothing takes its place is said in our words.
    const isInDiff = margin !== MARGIN && isDiff && value !== "";
    yield* entryLines({ label: labelOf(key), value, depth: 0, margin, isInDiff });
  }
}

function* entryLines(entry: Entry): Generator<Line> {
  const { label, value, depth, isInDiff = false } = entry;
  if (typeof value === "string" && (isInDiff || !isPlain(value))) {
    yield* textLines(entry, value);
    return;
  }
  const children = childrenOf(value);
  if (children.length === 0) {
    yield ours(depth, `${label} = ${JSON.stringify(value) ?? "null"}`);
  } else if (depth >= DEPTH_MAX) {
    yield* blockLines(entry, "JSON", JSON.stringify(value) ?? "");
  } else {
    const count = String(children.length);
    yield ours(
      depth,
      Array.isArray(value) ? `${label}: list of ${count}` : `${label}: ${count} fields`,
    );
    for (const [name, child] of children) {
      yield* entryLines({ label: name, value: child, depth: depth + 1, margin: MARGIN });
    }
  }
}

function textLines(entry: Entry, text: string): Generator<Line> {
  const count = text.split("\n").length;
  return blockLines(entry, `text, ${count} ${count === 1 ? "line" : "lines"}`, text);
}

function* blockLines({ label, depth, margin }: Entry, what: string, text: string): Generator<Line> {
  yield ours(depth, `${label}: ${what}`);
  const indent = indentOf(depth + 1);
  for (const line of text.split("\n")) yield { indent, margin, text: lineText(line) };
}

/** Blanks at the end of a line are seen by nobody. */
function lineText(line: string): string {
  const text = spelledOut(line, "deciding");
  let end = text.length;
  while (text[end - 1] === " ") end -= 1;
  return end === text.length ? text : text.slice(0, end) + marked(" ", text.length - end);
}

function ours(depth: number, text: string): Line {
  return { indent: indentOf(depth), margin: "", text };
}

function indentOf(depth: number): string {
  return "  ".repeat(depth);
}

function labelOf(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? key : spelledOut(JSON.stringify(key), "deciding");
}

/** What JSON writes as it is, in a few words. */
function isPlain(text: string): boolean {
  if (text.length > INLINE_CHARS_MAX || /["\\\n]/.test(text)) return false;
  return spelledOut(text, "deciding") === text;
}

function childrenOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((child: unknown, at) => [`[${at + 1}]`, child]);
  return isObject(value) ? Object.entries(value).map(([key, child]) => [labelOf(key), child]) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function* rowsOf({ indent, margin, text }: Line, columns: number): Generator<string> {
  const room = Math.max(ROOM_MIN, columns - indent.length - GOES_ON.length);
  let start = indent + margin;
  for (const row of cutInto(room, text)) {
    yield start + row;
    start = indent + GOES_ON;
  }
}

/** Cut by width alone, never inside of a mark or a character, and never between a letter and what stands on it. */
function* cutInto(room: number, text: string): Generator<string> {
  if (/^[ -~]*$/.test(text)) {
    for (let from = 0; from === 0 || from < text.length; from += room) {
      yield text.slice(from, from + room);
    }
    return;
  }
  let row = "";
  let width = 0;
  for (const [token] of text.matchAll(/⟦[^⟧]*⟧|⇥\t|[^]\p{M}*/gu)) {
    const wide = widthOf(token);
    if (width > 0 && width + wide > room) {
      yield row;
      row = "";
      width = 0;
    }
    row += token;
    width += wide;
  }
  yield row;
}

const TAB_COLUMNS = 9;
const LATIN_END = 0x300;

/** At most: what a terminal makes of a character, only the terminal knows. */
function widthOf(token: string): number {
  if (token.startsWith("⇥")) return TAB_COLUMNS;
  if (token.startsWith("⟦")) return token.length + 2;
  return (token.codePointAt(0) ?? 0) < LATIN_END ? 1 : 2;
}
