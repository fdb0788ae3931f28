// The words of an arithmetic expression. Only what is named here passes, so nothing else ever reaches
// the parser; `8,100,000` becomes one number, unless its commas separate the arguments of a function.

import { takesSeveral } from "./arithmetic.ts";
import { ToolError } from "./tool-error.ts";

const SIGNS: Readonly<Record<string, string>> = {
  "×": "*",
  "·": "*",
  "⋅": "*",
  "∙": "*",
  "÷": "/",
  "∕": "/",
  "−": "-",
  "–": "-",
  "**": "^",
  "²": "^2",
  "³": "^3",
  "[": "(",
  "]": ")",
};

const TOKEN =
  /\s+|(?<number>(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[\p{L}_$][\p{L}\d_$]*|√)|(?<sign>\*\*|[-+*/^%!(),×·⋅∙÷∕−–²³[\]])/uy;

export interface Token {
  readonly kind: "number" | "name" | "sign";
  readonly text: string;
  /** Whether a blank stands before it: `max(1, 200)` is not `max(1,200)`. */
  readonly spaced: boolean;
}

export function readTokens(expression: string): Token[] {
  return joinDigitGroups(tokensOf(withoutPrompt(expression)));
}

/** Models like to write `= 2 + 2` or `2 + 2 =`. */
function withoutPrompt(expression: string): string {
  return expression.trim().replace(/^=/, "").replace(/=$/, "");
}

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  let spaced = false;
  for (let at = 0; at < expression.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const { number, name, sign } = TOKEN.exec(expression)?.groups ?? refuseAt(expression, at);
    if (number !== undefined) {
      tokens.push({ kind: "number", text: number.replaceAll("_", ""), spaced });
    } else if (name !== undefined) tokens.push({ kind: "name", text: nameOf(name), spaced });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: SIGNS[sign] ?? sign, spaced });
    spaced = number === undefined && name === undefined && sign === undefined;
  }
  return tokens;
}

function refuseAt(expression: string, at: number): never {
  const character = String.fromCodePoint(expression.codePointAt(at) ?? 0);
  throw new ToolError(`${JSON.stringify(character)} at position ${at + 1} is no arithmetic.`, {
    suggestion: "Use numbers, + - * / ^ % ! ( ) and the functions of the calculator, no units.",
  });
}

const ALIASES: Readonly<Record<string, string>> = {
  "√": "sqrt",
  π: "pi",
  E: "e",
  PI: "pi",
  Pi: "pi",
};

function nameOf(written: string): string {
  return Object.hasOwn(ALIASES, written) ? (ALIASES[written] ?? written) : written;
}

/** `148,940,000` is one number, unless the commas separate the arguments of a function. */
function joinDigitGroups(tokens: readonly Token[]): Token[] {
  const joined: Token[] = [];
  const separating: boolean[] = [];
  tokens.forEach((token, index) => {
    if (token.text === "(") {
      const caller = tokens[index - 1];
      separating.push(caller?.kind === "name" && takesSeveral(caller.text));
    } else if (token.text === ")") separating.pop();
    const [number, comma] = joined.slice(-2);
    if (separating.at(-1) !== true && continues(number, comma, token)) {
      joined.splice(-2, 2, {
        kind: "number",
        text: `${number?.text}_${token.text}`,
        spaced: false,
      });
    } else joined.push(token);
  });
  refuseMixedCommas(joined);
  return joined.map((token) => ({ ...token, text: token.text.replaceAll(/(?<=\d)_/g, "") }));
}

/** Groups that were joined before are marked by `_`: behind the first group any number of them may come. */
function continues(number: Token | undefined, comma: Token | undefined, group: Token): boolean {
  return (
    number?.kind === "number" &&
    comma?.text === "," &&
    !comma.spaced &&
    !group.spaced &&
    /^\d{1,3}(?:_\d{3})*$/.test(number.text) &&
    /^\d{3}(?:\.\d*)?(?:[eE][+-]?\d+)?$/.test(group.text)
  );
}

/** In `max(1,200, 3,000)` the commas have two meanings. */
function refuseMixedCommas(tokens: readonly Token[]): void {
  const commas = tokens.flatMap(({ text }, index) => {
    if (text !== ",") return [];
    return [{ spaced: tokens[index + 1]?.spaced ?? false, next: tokens[index + 1]?.text ?? "" }];
  });
  const tight = commas.some(({ spaced, next }) => !spaced && /^\d{3}(?!\d)/.test(next));
  if (tight && commas.some(({ spaced }) => spaced)) {
    throw new ToolError("The commas may separate arguments or groups of digits.", {
      suggestion: "Write numbers without commas: max(1200, 3000).",
    });
  }
}
