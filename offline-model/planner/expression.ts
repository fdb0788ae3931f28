// Arithmetic in words and symbols, turned into one expression: "12.5% of 340" → "(12.5 / 100) * 340".

import { Parser } from "expr-eval-fork";

const NUMBER_WORDS: Readonly<Record<string, string>> = Object.fromEntries(
  "zero one two three four five six seven eight nine ten eleven twelve"
    .split(" ")
    .map((word, value) => [word, String(value)]),
);

const MAGNITUDES: Readonly<Record<string, number>> = {
  thousand: 1e3,
  million: 1e6,
  billion: 1e9,
  trillion: 1e12,
};

const N = String.raw`(\d+(?:\.\d+)?)`;

const LEAD_IN =
  /^(?:(?:please|and|then|so|now|also|can you|could you|tell me|calculate|compute|evaluate|work out|solve|find|what(?:'s| is| are| does)?|how much is|the (?:result|value) of)\s+)+/i;

/** In this order: each rule sees what the earlier ones left. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/[$€£]/g, ""],
  [/(\d),(?=\d{3}(?!\d))/g, "$1"],
  [/[×✕]/g, "*"],
  [/÷/g, "/"],
  [/[−–]/g, "-"],
  [/\bpercent\b|\bper cent\b/g, "%"],
  [/\s+%/g, "%"],
  [new RegExp(`what (?:%|percentage) of ${N} is ${N}`, "g"), "$2 / $1 * 100"],
  [new RegExp(`${N} is what (?:%|percentage) of ${N}`, "g"), "$1 / $2 * 100"],
  [/\baverage of ([\d., and]+)/g, "average($1)"],
  [new RegExp(`\\bsum of ${N} and ${N}`, "g"), "($1 + $2)"],
  [new RegExp(`\\bproduct of ${N} and ${N}`, "g"), "($1 * $2)"],
  [new RegExp(`\\bdifference between ${N} and ${N}`, "g"), "($1 - $2)"],
  [new RegExp(`\\b(?:the )?square root of ${N}`, "g"), "sqrt($1)"],
  [new RegExp(`\\b(?:the )?square root of `, "g"), "sqrt "],
  [new RegExp(`${N} squared`, "g"), "$1 ^ 2"],
  [new RegExp(`${N} cubed`, "g"), "$1 ^ 3"],
  [new RegExp(`${N}% of `, "g"), "($1 / 100) * "],
  [new RegExp(`^add ${N} (?:and|to) ${N}`, "g"), "$1 + $2"],
  [new RegExp(`^subtract ${N} from ${N}`, "g"), "$2 - $1"],
  [new RegExp(`^multiply ${N} (?:by|and|with) ${N}`, "g"), "$1 * $2"],
  [new RegExp(`^divide ${N} by ${N}`, "g"), "$1 / $2"],
  [/\bhalf of /g, "0.5 * "],
  [/\b(?:twice|double) /g, "2 * "],
  [/\bplus\b|\badded to\b/g, "+"],
  [/\bminus\b|\bless\b/g, "-"],
  [/\bmultiplied by\b|\btimes\b/g, "*"],
  [/\bdivided by\b|\bover\b/g, "/"],
  [/\b(?:raised )?to the power (?:of )?/g, "^ "],
  [/(\d)\s*x\s*(?=\d)/g, "$1 * "],
  [/\*\*/g, "^"],
  [/\s*(?:=|equals?|equal to|make|give|in total)?\s*[?.!=]*$/g, ""],
];

/** `previous` is what "that" stands for. Undefined where the words are no arithmetic. */
export function expressionIn(words: string, previous?: string): string | undefined {
  let text = words.toLowerCase().trim();
  const asked = text.replace(LEAD_IN, "");
  text = /^what (?:%|percent|per cent|percentage)/.test(text) ? text : asked;
  text = text.replaceAll(/\b[a-z]+\b/g, (word) => NUMBER_WORDS[word] ?? word);
  for (const [pattern, replacement] of REWRITES) text = text.replaceAll(pattern, replacement);
  text = text.replaceAll(/(\d+(?:\.\d+)?) (thousand|million|billion|trillion)\b/g, (_, n, word) =>
    String(Number(n) * (MAGNITUDES[String(word)] ?? 1)),
  );
  text = text.replace(/average\(([^)]*)\)/, (_, list) => average(String(list)));
  if (previous !== undefined) {
    text = text.replaceAll(/\b(?:that|it|the result|the answer|this)\b/g, `(${previous})`);
  }
  text = text.replace(/^(?:is|the)\s+/, "").trim();
  return isExpression(text) ? text : undefined;
}

/** What a calculator would say; the planner's own head where none is on offer. */
export function evaluate(expression: string): number | undefined {
  try {
    const value: unknown = new Parser().evaluate(expression);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function average(list: string): string {
  const numbers = list
    .split(/,|and/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return `(${numbers.join(" + ")}) / ${numbers.length}`;
}

function isExpression(text: string): boolean {
  if (text.length > 400 || !/\d/.test(text)) return false;
  if (!/^(?:sqrt|[\d\s.+\-*/^()!])+$/.test(text)) return false;
  if (!/[+*/^!]|sqrt|\d\s*-/.test(text)) return false;
  try {
    new Parser().parse(text);
    return true;
  } catch {
    return false;
  }
}
