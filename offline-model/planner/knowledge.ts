// What the tools have told so far, for each goal: facts read, sums worked out, and what failed.

import type { RequestView } from "./request-view.ts";
import type { ToolAnswer } from "./tool-answer.ts";
import { hasTool } from "./request-view.ts";
import { evaluate } from "./expression.ts";
import type { Fact } from "./fact.ts";
import type { Formula } from "./formula.ts";
import type { Goal } from "./goals.ts";
import { readFact, type Reading } from "./reading.ts";

export type Known<T> =
  | { readonly kind: "known"; readonly value: T }
  /** A tool can still be asked, with this. */
  | { readonly kind: "open"; readonly ask: string }
  | { readonly kind: "failed"; readonly why: string };

export function knownFact(fact: Fact, view: RequestView): Known<Reading> {
  const searches = view.answers.filter(({ tool }) => tool === "web_search");
  const texts = searches.filter(({ isError }) => !isError).map(({ text }) => text);
  const reading = readFact(fact, texts);
  if (reading !== undefined) return { kind: "known", value: reading };
  if (!hasTool(view, "web_search") && view.serverSearch === undefined) {
    return { kind: "failed", why: "I have no `web_search` tool to look it up with" };
  }
  const ask = fact.queries.find(
    (query) => !searches.some(({ input }) => field(input, "query") === query),
  );
  if (ask !== undefined) return { kind: "open", ask };
  const error = searches.findLast(({ isError }) => isError);
  return {
    kind: "failed",
    why: error === undefined ? "my search found nothing on it" : failure(error),
  };
}

/** The same sum is asked for twice at most, the second time written another way. */
export function knownSum(expression: string, view: RequestView): Known<number> {
  if (!hasTool(view, "calculator")) {
    const value = evaluate(expression);
    return value === undefined
      ? { kind: "failed", why: "I have no `calculator` tool and can't do this in my head" }
      : { kind: "known", value };
  }
  const variants = [expression, `(${expression})`];
  const asked = view.answers.filter(
    ({ tool, input }) =>
      tool === "calculator" && variants.includes(field(input, "expression") ?? ""),
  );
  const done = asked.find(({ isError, text }) => !isError && numberIn(text) !== undefined);
  const value = done === undefined ? undefined : numberIn(done.text);
  if (value !== undefined) return { kind: "known", value };
  const ask = variants.find(
    (text) => !asked.some(({ input }) => field(input, "expression") === text),
  );
  if (ask !== undefined) return { kind: "open", ask };
  const error = asked.at(-1);
  return { kind: "failed", why: error === undefined ? "the calculator failed" : failure(error) };
}

/** The sum that a goal comes down to; undefined while a fact is missing, or where there is none. */
export function sumOf(goal: Goal, view: RequestView): string | undefined {
  switch (goal.kind) {
    case "arithmetic":
      return goal.expression;
    case "per": {
      const top = quantity(goal.fact, view);
      const bottom =
        goal.divisor.kind === "given" ? goal.divisor.value : quantity(goal.divisor.fact, view);
      return top === undefined || bottom === undefined ? undefined : `${top} / ${bottom}`;
    }
    case "compare": {
      const left = quantity(goal.left, view);
      const right = quantity(goal.right, view);
      if (left === undefined || right === undefined || goal.how === "which") return undefined;
      return goal.how === "times" ? `${left} / ${right}` : `${left} - ${right}`;
    }
    case "formula":
      return formulaSum(goal, view);
    case "lookup":
    case "unclear":
      return undefined;
    default:
      return goal satisfies never;
  }
}

function formulaSum({ terms }: Formula, view: RequestView): string | undefined {
  const parts = terms.map((term) => (term.kind === "fact" ? quantity(term.fact, view) : term.text));
  return parts.includes(undefined) ? undefined : parts.join(" ");
}

export function quantity(fact: Fact, view: RequestView): number | undefined {
  const known = knownFact(fact, view);
  return known.kind === "known" ? known.value.value : undefined;
}

function failure({ tool, text }: ToolAnswer): string {
  return `\`${tool}\` answered with an error: ${errorText(text).slice(0, 200)}`;
}

/** Pawl's tools answer `{"error", "suggestion"}`. */
function errorText(text: string): string {
  const message = /^\{"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
  return message.replace(/[.\s]+$/, "");
}

function field(input: unknown, name: string): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const value: unknown = Object.entries(input).find(([key]) => key === name)?.[1];
  return typeof value === "string" ? value : undefined;
}

/** Calculators answer with a bare number, a sentence, or JSON with a `result`. */
function numberIn(text: string): number | undefined {
  const named = /"?result"?\s*[:=]\s*"?(-?[\d.]+(?:e[+-]?\d+)?)/i.exec(text)?.[1];
  const bare = /-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(text)?.[0].replaceAll(",", "");
  const digits = named ?? bare;
  return digits === undefined ? undefined : Number(digits);
}
