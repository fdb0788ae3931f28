// A record in YAML, with the line of each of its fields.

import { isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLError } from "yaml";
import type { Path } from "./mistake.ts";

export interface YamlRecord {
  readonly value: object;
  /** Of the nearest field on the way there. */
  readonly lineOf: (path: Path) => number;
}

interface YamlMistake {
  readonly line: number;
  readonly what: string;
  readonly remedy: string;
}

export type ReadYaml =
  | { readonly kind: "record"; readonly record: YamlRecord }
  | { readonly kind: "wrong"; readonly mistakes: readonly YamlMistake[] };

export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    prettyErrors: false,
  });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => mistakeOf(error, lineAt(error.pos[0])));
    return { kind: "wrong", mistakes: firstOfEachLine(mistakes) };
  }
  const { contents } = document;
  if (!isMap(contents)) return { kind: "wrong", mistakes: [NO_RECORD] };
  const lineOf = (path: Path): number => lineAt(offsetOf(contents, path));
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { kind: "record", record: { value: Object(value), lineOf } };
  } catch (error) {
    const what = error instanceof Error ? `${error.message}.` : String(error);
    return { kind: "wrong", mistakes: [{ line: 1, what, remedy: "Write it out." }] };
  }
}

const NO_RECORD: YamlMistake = {
  line: 1,
  what: "It holds no fields.",
  remedy: "Write fields, a line each, such as instructions: You answer questions about …",
};

const REMEDIES: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  TAB_AS_INDENT: "Indent by blanks: YAML takes no tabs.",
  DUPLICATE_KEY: "Keep one of the fields.",
  BAD_INDENT: "Begin the line below the others that it belongs to.",
  MULTILINE_IMPLICIT_KEY: "Write the field in one line; a text with a colon stands in quotes.",
  BLOCK_AS_IMPLICIT_KEY: "A text with a colon in it stands in quotes.",
  MISSING_CHAR: "Close the quote or the bracket that was opened.",
  BAD_ALIAS: "A text that begins with * stands in quotes.",
  MULTIPLE_DOCS: "Keep one agent in a file: the next one goes into a file of its own.",
};

function mistakeOf({ code, message }: YAMLError, line: number): YamlMistake {
  const what = `It is no YAML: ${message.replace(/\.$/, "")}.`;
  const isOpen = /\bend with a [\]}]/.test(message);
  const remedy = REMEDIES[isOpen ? "MISSING_CHAR" : code] ?? "Mend the YAML there.";
  return { line, what, remedy };
}

/** One slip makes the reader stumble several times. */
function firstOfEachLine(mistakes: readonly YamlMistake[]): readonly YamlMistake[] {
  return mistakes.filter(
    ({ line }, at) => mistakes.findIndex((other) => other.line === line) === at,
  );
}

function offsetOf(contents: unknown, path: Path): number {
  let node = contents;
  let offset = rangeOf(contents);
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined) break;
      offset = rangeOf(pair.key);
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      offset = rangeOf(node);
    } else break;
  }
  return offset;
}

function rangeOf(node: unknown): number {
  const range: unknown =
    typeof node === "object" && node !== null ? Reflect.get(node, "range") : null;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : 0;
}
