// The syntax of a regular expression as linear-pattern.ts takes it: that of JavaScript under the flag u, without
// what can't be matched in linear time. `(?i)` at its beginning: capitals and small letters are the same.

/** Of a code point. */
export type OneLetter = (code: number) => boolean;

export type Node =
  | { readonly kind: "letter"; readonly matches: OneLetter }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "boundary" | "noBoundary" }
  | { readonly kind: "all" | "either"; readonly parts: readonly Node[] }
  | { readonly kind: "repeat"; readonly part: Node; readonly min: number; readonly max: number };

/** Throws a plain Error with what is wrong about it. */
export function parsePattern(source: string): Node {
  const ignoresCase = source.startsWith("(?i)");
  const parser = new Parser(ignoresCase ? source.slice("(?i)".length) : source, ignoresCase);
  return parser.whole();
}

const DEPTH_MAX = 50;
const REPEATS_MAX = 1000;
const ESCAPE =
  /^\\(?:[dDwWsSnrtfv]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|[pP]\{[\w=]+\}|[^\w\s])/u;
const CLASS = /^\[(?:\\.|[^\]\\])*\]/su;

const SHORT: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  "*": { min: 0, max: Infinity },
  "+": { min: 1, max: Infinity },
  "?": { min: 0, max: 1 },
};

class Parser {
  readonly #ignoresCase: boolean;
  #rest: string;
  #depth = 0;

  constructor(source: string, ignoresCase: boolean) {
    this.#rest = source;
    this.#ignoresCase = ignoresCase;
  }

  whole(): Node {
    const node = this.#either();
    if (this.#rest !== "") throw new Error("it closes a group that was never opened");
    return node;
  }

  #either(): Node {
    const parts = [this.#all()];
    while (this.#takes("|")) parts.push(this.#all());
    return { kind: "either", parts };
  }

  #all(): Node {
    const parts: Node[] = [];
    while (this.#rest !== "" && !/^[|)]/.test(this.#rest)) parts.push(this.#repeated(this.#atom()));
    return { kind: "all", parts };
  }

  #atom(): Node {
    if (this.#takes("(")) return this.#group();
    if (this.#takes("^")) return { kind: "assert", what: "start" };
    if (this.#takes("$")) return { kind: "assert", what: "end" };
    if (this.#takes("\\b")) return { kind: "assert", what: "boundary" };
    if (this.#takes("\\B")) return { kind: "assert", what: "noBoundary" };
    return { kind: "letter", matches: this.#letter() };
  }

  #group(): Node {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new Error(`it has groups more than ${DEPTH_MAX} deep`);
    const opening = /^\?(?::|<(?![=!])\w+>)/.exec(this.#rest)?.[0] ?? "";
    this.#rest = this.#rest.slice(opening.length);
    if (this.#rest.startsWith("?")) throw new Error("it looks ahead or behind, or sets flags");
    const node = this.#either();
    if (!this.#takes(")")) throw new Error("it leaves a group open");
    this.#depth -= 1;
    return node;
  }

  #letter(): OneLetter {
    if (/^[*+?{}\]]/.test(this.#rest)) throw new Error(`${this.#rest[0] ?? ""} stands alone in it`);
    if (/^\\[1-9k]/.test(this.#rest)) throw new Error("it refers to a group");
    const found = this.#letterSource();
    this.#rest = this.#rest.slice(found.length);
    return oneLetter(found, this.#ignoresCase);
  }

  #letterSource(): string {
    const { 0: found } = ESCAPE.exec(this.#rest) ?? CLASS.exec(this.#rest) ?? [];
    if (found !== undefined) return found;
    if (/^[\\[]/.test(this.#rest)) throw new Error("it has an escape or a class that nobody knows");
    return String.fromCodePoint(this.#rest.codePointAt(0) ?? 0);
  }

  #repeated(part: Node): Node {
    const [found = "", min = "", comma = "", max = ""] =
      /^(?:[*+?]|\{(\d{1,4})(,?)(\d{0,4})\})/.exec(this.#rest) ?? [];
    if (found === "") return part;
    this.#rest = this.#rest.slice(found.length);
    // Whether as much or as little as can be is taken, the same texts match.
    this.#takes("?");
    if (/^[*+?{]/.test(this.#rest)) throw new Error("it repeats a repetition");
    const known = SHORT[found];
    if (known !== undefined) return { kind: "repeat", part, ...known };
    const least = Number(min);
    const most = comma === "" ? least : max === "" ? Infinity : Number(max);
    const largest = most === Infinity ? least : most;
    if (least > most || largest > REPEATS_MAX) {
      throw new Error(`it repeats something in a way that can't be: ${found}`);
    }
    return { kind: "repeat", part, min: least, max: most };
  }

  #takes(text: string): boolean {
    if (!this.#rest.startsWith(text)) return false;
    this.#rest = this.#rest.slice(text.length);
    return true;
  }
}

const ASCII = 128;

/** A class of one letter, which JavaScript itself knows best, and in no more than one step. */
function oneLetter(source: string, ignoresCase: boolean): OneLetter {
  const letter = escapeKnown(source);
  const expression = new RegExp(`^${letter}$`, ignoresCase ? "iu" : "u");
  const test = (code: number): boolean => expression.test(String.fromCodePoint(code));
  const ascii = Array.from({ length: ASCII }, (_, code) => test(code));
  return (code) => ascii[code] ?? test(code);
}

/** Under the flag u only signs of the syntax may be escaped; people escape more, and mean the sign itself. */
function escapeKnown(source: string): string {
  return /^\\[^\w\s^$\\.*+?()[\]{}|/]$/u.test(source) ? source.slice(1) : source;
}
