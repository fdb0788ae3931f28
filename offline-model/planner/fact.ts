// A fact that is asked for: a property of a subject, and what to search for to find it.

import { measureOf, type Measure } from "./measures.ts";

export interface Fact {
  readonly subject: string;
  readonly property: string;
  readonly measure: Measure | undefined;
  /** What to search for; the next one where the first leads nowhere. */
  readonly queries: readonly string[];
}

const ADJECTIVES: Readonly<Record<string, string>> = {
  tall: "height",
  taller: "height",
  tallest: "height",
  high: "height",
  higher: "height",
  long: "length",
  longer: "length",
  deep: "depth",
  deeper: "depth",
  wide: "width",
  wider: "width",
  big: "area",
  bigger: "area",
  large: "area",
  larger: "area",
  far: "distance",
  heavy: "mass",
  heavier: "mass",
  fast: "speed",
  faster: "speed",
  hot: "temperature",
  hotter: "temperature",
  "more populous": "population",
  older: "year",
};

const ONE_NAME = /trinidad and tobago|bosnia and herzegovina|antigua and barbuda/i;

/** The answer names its unit anyway. */
const IN_UNITS =
  / in (?:degrees )?(?:celsius|met(?:re|er)s|kilomet(?:re|er)s|km|m|kg|tonnes|people)$/i;

/** "tall" and "taller" ask for a height. */
export function propertyAsked(adjective: string): string | undefined {
  return ADJECTIVES[adjective.toLowerCase()];
}

/** "France and Germany" are two; "Trinidad and Tobago" is one. */
export function subjectsOf(text: string): string[] {
  const clean = text.trim().replace(/[?.!,]+$/, "");
  return ONE_NAME.test(clean) ? [clean] : clean.split(/,? and (?:the )?|, /);
}

export function fact(property: string, subject: string): Fact {
  const what = property.trim().toLowerCase();
  const whom = subject
    .trim()
    .replace(/[?.!,]+$/, "")
    .replace(IN_UNITS, "")
    .replace(/\b(?:the )?second world war\b/i, "World War II")
    .replace(/\b(?:the )?first world war\b/i, "World War I");
  const queries = what === "" ? [whom, keywords(whom)] : [`${what} of ${whom}`, `${whom} ${what}`];
  return {
    subject: whom,
    property: what,
    measure: what === "" ? undefined : measureOf(what),
    queries,
  };
}

function keywords(question: string): string {
  return question.replace(
    /^(?:(?:who|when|where|which|what|why|is|are|was|were|did|does|do|the)\s+)+/i,
    "",
  );
}
