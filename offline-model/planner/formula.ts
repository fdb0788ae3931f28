// Sums over facts: "the population of France plus the population of Germany, divided by 2".

import { measureOf } from "./measures.ts";
import { fact, type Fact } from "./fact.ts";

export interface Formula {
  readonly kind: "formula";
  /** Facts and numbers in turn with the operators between them. */
  readonly terms: readonly Term[];
}

export type Term =
  | { readonly kind: "fact"; readonly fact: Fact }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "operator"; readonly text: string };

const OPERATORS: Readonly<Record<string, string>> = {
  plus: "+",
  "+": "+",
  minus: "-",
  "-": "-",
  times: "*",
  "multiplied by": "*",
  "*": "*",
  "divided by": "/",
  "/": "/",
};
const OPERATOR = /\s+(plus|minus|times|multiplied by|divided by|[-+*/])\s+/i;
const QUANTITY =
  /^(?:what(?:'s| is) |calculate |compute )?(?:the )?([a-z][a-z ]*?) of (?:the )?(.+)$/i;
const NUMBER = /^\d[\d,]*(?:\.\d+)?$/;

export function formulaIn(clause: string): Formula | undefined {
  const parts = clause.split(OPERATOR);
  if (parts.length < 3) return undefined;
  const terms = parts.map((part, at) => (at % 2 === 1 ? operator(part) : operand(part)));
  const whole = terms.filter((term) => term !== undefined);
  const hasFact = whole.some(({ kind }) => kind === "fact");
  return whole.length === terms.length && hasFact ? { kind: "formula", terms: whole } : undefined;
}

function operator(text: string): Term | undefined {
  const symbol = OPERATORS[text.toLowerCase()];
  return symbol === undefined ? undefined : { kind: "operator", text: symbol };
}

function operand(text: string): Term | undefined {
  const trimmed = text.trim().replace(/[,.]+$/, "");
  if (NUMBER.test(trimmed)) return { kind: "number", text: trimmed.replaceAll(",", "") };
  const [, property = "", subject = ""] = QUANTITY.exec(trimmed) ?? [];
  if (measureOf(property) === undefined) return undefined;
  return { kind: "fact", fact: fact(property, subject) };
}
