// The final answer in sentences: what the sources say, what came out, and plainly what is missing.

import type { RequestView } from "./request-view.ts";
import type { Fact } from "./fact.ts";
import { factsOf, type Goal } from "./goals.ts";
import { knownFact, knownSum, quantity, sumOf } from "./knowledge.ts";
import { unitOf } from "./measures.ts";

export const CAPABILITIES =
  "I'm the offline model: I can do arithmetic, look facts up with `web_search`, work with what I find, and call tools that you name. I can't do more than that; set ANTHROPIC_API_KEY to work with a real model.";

const ORDER = /^(?:add|subtract|multiply|divide)\b/i;
const ASKING = /^(?:what(?:'s| is)|calculate|compute|evaluate|work out|how much is)\s+/i;

/** What was said for one part is not said again for another. */
export function answerTo(goals: readonly Goal[], view: RequestView): string {
  return [...new Set(goals.flatMap((goal) => sentences(goal, view)))].join(" ");
}

function sentences(goal: Goal, view: RequestView): string[] {
  const facts = factsOf(goal).map((fact) => cited(fact, view));
  switch (goal.kind) {
    case "lookup":
      return facts;
    case "arithmetic":
      return [arithmetic(goal.expression, goal.asked, view)];
    case "per":
      return [...facts, ratio(goal, view)];
    case "compare":
      return [...facts, comparison(goal, view)];
    case "formula":
      return [...facts, formula(goal, view)];
    case "unclear":
      return [CAPABILITIES, `I don't know what to do with "${goal.clause.slice(0, 120)}".`];
    default:
      return goal satisfies never;
  }
}

function cited(fact: Fact, view: RequestView): string {
  const known = knownFact(fact, view);
  if (known.kind === "known") {
    const { sentence, source, date } = known.value;
    return `${capital(sentence)} (source: ${source}, ${date}).`;
  }
  const { property, subject } = fact;
  const what = property === "" ? `an answer to "${subject}"` : `the ${property} of ${subject}`;
  return `I couldn't find ${what}${reason(known)}.`;
}

function arithmetic(expression: string, asked: string, view: RequestView): string {
  const sum = knownSum(expression, view);
  const what = ORDER.test(asked) ? expression : asked.replace(ASKING, "");
  if (sum.kind === "known") return `${capital(what)} is ${exact(sum.value)}.`;
  return `I couldn't work out ${what}${reason(sum)}.`;
}

function ratio(goal: Extract<Goal, { kind: "per" }>, view: RequestView): string {
  const expression = sumOf(goal, view);
  if (expression === undefined) return `So I can't say what that is per ${goal.unit}.`;
  const sum = knownSum(expression, view);
  const over = goal.divisor.kind === "given" ? goal.divisor.text : "that area";
  if (sum.kind !== "known") return `I couldn't divide it by ${over}${reason(sum)}.`;
  const what = unitAfter(goal.fact);
  return `Divided by ${over}, that is about ${rounded(sum.value)}${what} per ${goal.unit}.`;
}

function comparison(goal: Extract<Goal, { kind: "compare" }>, view: RequestView): string {
  const { left, right, how, word } = goal;
  const [a, b] = [quantity(left, view), quantity(right, view)];
  if (a === undefined || b === undefined) return "So I can't compare them.";
  if (how === "which") return `So ${(a > b ? left : right).subject} is ${word ?? "ahead"}.`;
  const sum = knownSum(sumOf(goal, view) ?? "", view);
  if (sum.kind !== "known") return `I couldn't compare them${reason(sum)}.`;
  if (how === "times") {
    const times = `${rounded(sum.value)} times`;
    return `So the ${left.property} of ${left.subject} is ${times} that of ${right.subject}.`;
  }
  const gap = amount(Math.abs(sum.value), unitAfter(left));
  if (word === undefined) return `The difference is ${gap}.`;
  const [more, other] = sum.value < 0 ? [right, left] : [left, right];
  return `So ${more.subject} is ${gap} ${word} than ${other.subject}.`;
}

function formula(goal: Extract<Goal, { kind: "formula" }>, view: RequestView): string {
  const expression = sumOf(goal, view);
  if (expression === undefined) return "So I can't work it out.";
  const sum = knownSum(expression, view);
  return sum.kind === "known"
    ? `That makes ${exact(sum.value)}.`
    : `I couldn't work it out${reason(sum)}.`;
}

function reason(known: { readonly kind: string; readonly why?: string }): string {
  return known.why === undefined ? " before I had to finish" : `: ${known.why}`;
}

function unitAfter({ measure }: Fact): string {
  return measure === undefined ? "" : ` ${unitOf(measure)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Long distances in kilometres, as people give them. */
function amount(value: number, unit: string): string {
  return unit === " m" && value >= 10_000 ? `${exact(value / 1_000)} km` : `${exact(value)}${unit}`;
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
