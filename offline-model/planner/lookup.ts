// Questions that one or two facts answer: "How tall is …?", "What is the capital of …?", "Who …?"

import { fact, propertyAsked, subjectsOf, type Fact } from "./fact.ts";

const LIVING = /how many (?:people|inhabitants).*? (?:live|are there) (?:in|on) (?:the )?(.+)$/i;
const ADJECTIVE =
  /how (tall|high|long|deep|wide|big|large|heavy|fast|hot|far)(?: away)? (?:is|are) (?:the )?(.+)$/i;
const PROPERTY =
  /^(?:(?:what(?:'s| is| are| was)|tell me|find(?: out)?|look up|search for|give me|and|state|name)\s+)?(?:the )?([a-z][a-z ]*?) of (?:the )?(.+)$/i;
const OPEN = /^(?:who|when|where|which|what|why|how (?:old|does|do|did|is|are|was))\b/i;
const ORDER =
  /^(?:please )?(?:look up|search for|find|tell me about|explain|describe|define)\s+(.+)$/i;

export function lookups(clause: string): Fact[] {
  const living = LIVING.exec(clause)?.[1];
  if (living !== undefined) return subjectsOf(living).map((subject) => fact("population", subject));
  const [, adjective, thing = ""] = ADJECTIVE.exec(clause) ?? [];
  if (adjective !== undefined) {
    const property = propertyAsked(adjective) ?? "size";
    return subjectsOf(thing).map((subject) => fact(property, subject));
  }
  const [, property, rest = ""] = PROPERTY.exec(clause) ?? [];
  if (property !== undefined) return conjoined(property, rest);
  if (OPEN.test(clause)) return [fact("", clause)];
  const ordered = ORDER.exec(clause)?.[1];
  return ordered === undefined ? [] : [fact("", ordered)];
}

/** "capital of France and the population of Japan" asks twice, "of France and Japan" too. */
function conjoined(property: string, rest: string): Fact[] {
  const [head = "", ...others] = rest.split(/,? and the (?=[a-z ]+ of )/i);
  const first = subjectsOf(head).map((subject) => fact(property, subject));
  return [...first, ...others.flatMap((clause) => lookups(`the ${clause}`))];
}
