// What is wrong with a line or an entry that somebody wrote, in words, and not in those of a schema.

import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** `task is missing`, `limits.maxCostUsd must be a number`. */
export function issueText(issue: Issue, path: Issue["path"] = issue.path): string {
  const where = path.length === 0 ? "it" : path.map(String).join(".");
  switch (issue.code) {
    case "unrecognized_keys": {
      const keys = issue.keys.map((key) => JSON.stringify(key)).join(", ");
      return `${where} has a field that nobody knows: ${keys}`;
    }
    case "invalid_type":
      return issue.message.endsWith("received undefined")
        ? `${where} is missing`
        : `${where} must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `${where} must be ${listed(issue.values)}`;
    case "too_small":
    case "too_big":
      return `${where} must be ${bound(issue)}`;
    case "invalid_format":
      return issue.format === "regex"
        ? `${where} ${ownWords(issue) ?? `must match ${issue.pattern}`}`
        : `${where} must be ${issue.format}`;
    default:
      return `${where} ${ownWords(issue) ?? "can't be used"}`;
  }
}

/** Null where the schema has no words of its own for it. */
function ownWords({ message }: Issue): string | null {
  return message.startsWith("Invalid") ? null : message;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a JSON object",
  array: "a list",
};

function listed(values: readonly unknown[]): string {
  const words = values.map((value) => JSON.stringify(value));
  return words.length === 1 ? (words[0] ?? "") : `one of ${words.join(", ")}`;
}

function bound(issue: Extract<Issue, { code: "too_small" | "too_big" }>): string {
  const limit = issue.code === "too_small" ? issue.minimum : issue.maximum;
  const [more, less] = issue.inclusive === false ? ["above", "below"] : ["at least", "at most"];
  const how = issue.code === "too_small" ? more : less;
  return `${how} ${limit}${issue.origin === "string" ? " characters long" : ""}`;
}
