// A task, read clause by clause, becomes goals. Facts are named by what is asked of what
// ("population of Earth"); which of them are known is no concern of this file.

import { expressionIn } from "./expression.ts";
import { comparison, type AskedComparison } from "./comparison.ts";
import { fact, type Fact } from "./fact.ts";
import { formulaIn, type Formula } from "./formula.ts";
import { lookups } from "./lookup.ts";
import { measureOf, valueIn } from "./measures.ts";

export type Divisor =
  | { readonly kind: "given"; readonly value: number; readonly text: string }
  | { readonly kind: "fact"; readonly fact: Fact };

export type Goal =
  | { readonly kind: "arithmetic"; readonly expression: string; readonly asked: string }
  | { readonly kind: "lookup"; readonly fact: Fact }
  | { readonly kind: "per"; readonly fact: Fact; readonly divisor: Divisor; readonly unit: string }
  | AskedComparison
  | Formula
  | { readonly kind: "unclear"; readonly clause: string };

interface Given {
  readonly name: string;
  readonly value: number;
  readonly text: string;
}

const QUESTION =
  /\b(?=(?:what|how|who|when|where|which|is|calculate|compute|tell me|the [a-z ]+ of [A-Z]\w*)\b)/
    .source;
const CLAUSES = new RegExp(
  `[?!;]\\s*|\\.(?=\\s|$)|,?\\s+(?:and|then|and then)\\s+${QUESTION}`,
  "i",
);

export function goalsOf(task: string): Goal[] {
  const clauses = task
    .split(CLAUSES)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== "");
  const givens = clauses.flatMap(givenIn);
  const questions = clauses.filter((clause) => givenIn(clause).length === 0);
  const goals: Goal[] = [];
  for (const clause of questions) goals.push(...goalsIn(clause, goals, givens));
  const clear = goals.filter(({ kind }) => kind !== "unclear");
  return clear.length > 0 ? clear : goals;
}

export function factsOf(goal: Goal): Fact[] {
  switch (goal.kind) {
    case "lookup":
      return [goal.fact];
    case "per":
      return [goal.fact, ...(goal.divisor.kind === "fact" ? [goal.divisor.fact] : [])];
    case "compare":
      return [goal.left, goal.right];
    case "formula":
      return goal.terms.flatMap((term) => (term.kind === "fact" ? [term.fact] : []));
    case "arithmetic":
    case "unclear":
      return [];
    default:
      return goal satisfies never;
  }
}

function goalsIn(clause: string, before: readonly Goal[], givens: readonly Given[]): Goal[] {
  const last = before.findLast((goal) => goal.kind === "arithmetic");
  const expression = expressionIn(
    clause,
    last?.kind === "arithmetic" ? last.expression : undefined,
  );
  if (expression !== undefined) return [{ kind: "arithmetic", expression, asked: clause }];
  const found =
    perGoal(clause, before, givens) ??
    comparison(clause) ??
    formulaIn(clause) ??
    gapGoal(clause, before);
  if (found !== undefined) return [found];
  const facts = lookups(clause);
  if (facts.length > 0) return facts.map((asked) => ({ kind: "lookup", fact: asked }));
  return [{ kind: "unclear", clause }];
}

/** "The land area is 148,940,000 km²" tells, and asks nothing. */
function givenIn(clause: string): Given[] {
  const told =
    /^(?:given that |assume |if )?(?:the|its) (.+?) (?:is|are|=) (?:about )?(\d.*)$/i.exec(clause);
  const [, name = "", text = ""] = told ?? [];
  const measure = measureOf(name);
  if (measure === undefined) return [];
  const value = valueIn(text, measure, "") ?? Number(text.replaceAll(/[^\d.]/g, ""));
  return Number.isFinite(value) && value > 0 ? [{ name, value, text: text.trim() }] : [];
}

/** "… and tell me the difference": of the two things looked up before. */
function gapGoal(clause: string, before: readonly Goal[]): Goal | undefined {
  if (!/\bdifference$/i.test(clause)) return undefined;
  const [left, right] = before
    .flatMap((goal) => (goal.kind === "lookup" ? [goal.fact] : []))
    .slice(-2);
  if (left === undefined || right === undefined) return undefined;
  return { kind: "compare", how: "difference", left, right };
}

function perGoal(
  clause: string,
  before: readonly Goal[],
  givens: readonly Given[],
): Goal | undefined {
  const density = /population density of (?:the )?(.+)$/i.exec(clause)?.[1];
  if (density !== undefined) {
    const divisor: Divisor = { kind: "fact", fact: fact("area", density) };
    return { kind: "per", fact: fact("population", density), divisor, unit: "square kilometre" };
  }
  const unit = /\bper ((?:square )?[a-z]+(?: of [a-z]+)?)/i.exec(clause)?.[1];
  const earlier = before.findLast((goal) => goal.kind === "lookup");
  if (unit === undefined || earlier?.kind !== "lookup") return undefined;
  const isArea = /square|km/i.test(unit);
  const property = /land/i.test(unit) ? "land area" : "area";
  const given = givens.find(({ name }) => !isArea || measureOf(name) === "area");
  if (given === undefined && !isArea) return undefined;
  const divisor: Divisor =
    given === undefined
      ? { kind: "fact", fact: fact(property, earlier.fact.subject) }
      : { kind: "given", value: given.value, text: `${given.text} (${given.name}, as given)` };
  return { kind: "per", fact: earlier.fact, divisor, unit };
}
