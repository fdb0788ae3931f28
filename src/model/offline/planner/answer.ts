// The final answer in sentences: what the sources say, what came out, and plainly what is missing.

import type { View } from "./conversation.ts";
import type { Fact } from "./fact.ts";
import type { Goal } from "./goals.ts";
import { knownFact, knownSum, quantity, sumOf } from "./knowledge.ts";
import { unitOf } from "./measures.ts";
import type { Reading } from "./reading.ts";

export const CAPABILITIES =
  "I'm the offline model: I can do arithmetic, look facts up with `web_search`, work with what I find, and call tools that you name. I can't do more than that; set ANTHROPIC_API_KEY to work with a real model.";

const ASKING = /^(?:what(?:'s| is)|calculate|compute|evaluate|work out|how much is)\s+/i;

export function answerTo(goals: readonly Goal[], view: View): string {
  const parts = goals.map((goal) => ({ goal, text: sentence(goal, goals, view) }));
  const clear = parts.filter(({ text }) => text !== "");
  return [...new Set(clear.map(({ text }) => text))].join(" ");
}

function sentence(goal: Goal, goals: readonly Goal[], view: View): string {
  switch (goal.kind) {
    case "arithmetic":
      return arithmetic(goal.expression, goal.asked, view);
    case "lookup":
      return cited(goal.fact, view);
    case "per":
      return ratio(goal, goals, view);
    case "compare":
      return comparison(goal, view);
    case "unclear":
      return `${CAPABILITIES} I don't know what to do with "${goal.clause.slice(0, 120)}".`;
    default:
      return goal satisfies never;
  }
}

function arithmetic(expression: string, asked: string, view: View): string {
  const sum = knownSum(expression, view);
  const what = asked.replace(ASKING, "");
  if (sum.kind === "known") return `${capital(what)} is ${exact(sum.value)}.`;
  return `I couldn't work out ${what}${reason(sum)}.`;
}

function cited(fact: Fact, view: View): string {
  const known = knownFact(fact, view);
  if (known.kind === "known")
    return `${capital(known.value.sentence)} (source: ${origin(known.value)}).`;
  return `I couldn't find ${named(fact)}${reason(known)}.`;
}

function ratio(goal: Extract<Goal, { kind: "per" }>, goals: readonly Goal[], view: View): string {
  const isSaid = goals.some(
    ({ kind, ...rest }) => kind === "lookup" && "fact" in rest && rest.fact === goal.fact,
  );
  const facts = [
    ...(isSaid ? [] : [goal.fact]),
    ...(goal.divisor.kind === "fact" ? [goal.divisor.fact] : []),
  ].map((fact) => cited(fact, view));
  const expression = sumOf(goal, view);
  if (expression === undefined)
    return [...facts, `So I can't say how many there are per ${goal.unit}.`].join(" ");
  const sum = knownSum(expression, view);
  const over = goal.divisor.kind === "given" ? goal.divisor.text : "that area";
  const what = goal.fact.measure === undefined ? "" : ` ${unitOf(goal.fact.measure)}`;
  const result =
    sum.kind === "known"
      ? `Divided by ${over}, that is about ${rounded(sum.value)}${what} per ${goal.unit}.`
      : `I couldn't divide it by ${over}${reason(sum)}.`;
  return [...facts, result].join(" ");
}

function comparison(goal: Extract<Goal, { kind: "compare" }>, view: View): string {
  const { left, right, how, word } = goal;
  const facts = `${cited(left, view)} ${cited(right, view)}`;
  const [a, b] = [quantity(left, view), quantity(right, view)];
  if (a === undefined || b === undefined) return `${facts} So I can't compare them.`;
  if (how === "which") {
    return `${facts} So ${(a > b ? left : right).subject} is ${word}.`;
  }
  const sum = knownSum(sumOf(goal, view) ?? "", view);
  if (sum.kind !== "known") return `${facts} I couldn't compare them${reason(sum)}.`;
  const unit = left.measure === undefined ? "" : ` ${unitOf(left.measure)}`;
  if (how === "times")
    return `${facts} So ${left.subject} is ${rounded(sum.value)} times as much as ${right.subject}.`;
  const gap = `${exact(Math.abs(sum.value))}${unit}`;
  if (word === undefined) return `${facts} The difference is ${gap}.`;
  const [more, other] = sum.value < 0 ? [right, left] : [left, right];
  return `${facts} So ${more.subject} is ${gap} ${word} than ${other.subject}.`;
}

function reason(known: { readonly kind: string; readonly why?: string }): string {
  return known.why === undefined ? " before I had to finish" : `: ${known.why}`;
}

function origin({ source, date }: Reading): string {
  return `${source}, ${date}`;
}

function named({ property, subject }: Fact): string {
  return property === "" ? `an answer to "${subject}"` : `the ${property} of ${subject}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As many digits as a double is good for. */
function exact(value: number): string {
  const digits = Number(value.toPrecision(12));
  const isHuge = Math.abs(digits) >= 1e15;
  return isHuge ? String(digits) : digits.toLocaleString("en-US", { maximumFractionDigits: 10 });
}

function rounded(value: number): string {
  return value >= 1_000
    ? Math.round(value).toLocaleString("en-US")
    : String(Number(value.toPrecision(3)));
}
