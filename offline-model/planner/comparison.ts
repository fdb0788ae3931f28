// Questions that set two things against each other: "how much taller is Everest than K2?"

import { fact, propertyAsked, type Fact } from "./fact.ts";

export interface AskedComparison {
  readonly kind: "compare";
  readonly how: "difference" | "times" | "which";
  readonly left: Fact;
  readonly right: Fact;
  /** "taller", where it was asked like that. */
  readonly word?: string;
}

const WORD = String.raw`(more populous|[a-z]+er)`;
const THE = "(?:the )?";
const THAN = new RegExp(`how much ${WORD} is ${THE}(.+?) (?:than|as) ${THE}(.+)$`, "i");
const TIMES = new RegExp(`how many times ${WORD} is ${THE}(.+?) (?:than|as) ${THE}(.+)$`, "i");
const WHICH = new RegExp(`which (?:[a-z]+ )?is ${WORD}[,:]? ${THE}(.+?) or ${THE}(.+)$`, "i");
const WHETHER = new RegExp(`^is ${THE}(.+?) ${WORD} than ${THE}(.+)$`, "i");
const COMPARE = new RegExp(
  `^compare ${THE}([a-z ]+?)s? of ${THE}(.+?) (?:and|with|to) ${THE}(.+)$`,
  "i",
);
const PEOPLE = new RegExp(`how many more (people) live in ${THE}(.+?) than in ${THE}(.+)$`, "i");
const GAP = new RegExp(`difference (?:in|of) (.+?) between ${THE}(.+?) and ${THE}(.+)$`, "i");

export function comparison(clause: string): AskedComparison | undefined {
  return (
    compared("difference", THAN.exec(clause)) ??
    compared("times", TIMES.exec(clause)) ??
    compared("which", WHICH.exec(clause)) ??
    whether(WHETHER.exec(clause)) ??
    contrasted(undefined, COMPARE.exec(clause)) ??
    contrasted("population", PEOPLE.exec(clause)) ??
    contrasted(undefined, GAP.exec(clause))
  );
}

function compared(
  how: AskedComparison["how"],
  match: readonly string[] | null,
): AskedComparison | undefined {
  const [, word = "", left = "", right = ""] = match ?? [];
  const property = propertyAsked(word);
  if (property === undefined) return undefined;
  const facts = { left: fact(property, left), right: fact(property, right) };
  return { kind: "compare", how, word: word.toLowerCase(), ...facts };
}

function whether(match: readonly string[] | null): AskedComparison | undefined {
  const [whole, left = "", word = "", right = ""] = match ?? [];
  return whole === undefined ? undefined : compared("which", [whole, word, left, right]);
}

function contrasted(
  property: string | undefined,
  match: readonly string[] | null,
): AskedComparison | undefined {
  if (match === null) return undefined;
  const [, asked = "", left = "", right = ""] = match;
  const what = property ?? asked;
  const facts = { left: fact(what, left), right: fact(what, right) };
  return { kind: "compare", how: "difference", ...facts };
}
