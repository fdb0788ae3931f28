// A conversation that grew too long goes on from a summary. The planner writes down what the tools have
// told, and reads it again where the conversation goes on, so that it asks no tool twice.

import { z } from "zod";
import type { ToolAnswer } from "./tool-answer.ts";

const ASKED = /\bgo on from a summary\b/i;
const GOES_ON = /^go on from your summary\b/i;
const LATER = /\bfollows after the summary\b/i;
const HEAD = "What the tools have told so far, one answer a line:";
const TEXT_CHARS_MAX = 4000;

const line = z.object({
  tool: z.string(),
  input: z.unknown(),
  text: z.string(),
  isError: z.boolean(),
});

export function isSummaryAsked(text: string): boolean {
  return ASKED.test(text);
}

/** Words of the machinery, where a person might stand. */
export function isAboutSummary(text: string): boolean {
  return ASKED.test(text) || GOES_ON.test(text);
}

export function summaryOf(answers: readonly ToolAnswer[]): string {
  const told = answers.filter(({ text }) => !LATER.test(text));
  const lines = told.map(({ tool, input, text, isError }) =>
    JSON.stringify({ tool, input, text: text.slice(0, TEXT_CHARS_MAX), isError }),
  );
  return [HEAD, ...new Set(lines)].join("\n");
}

/** Nothing where the text is no summary; a line that was cut is forgotten. */
export function remembered(text: string): ToolAnswer[] {
  const [head, ...lines] = text.split("\n");
  return head === HEAD ? lines.flatMap(answerIn) : [];
}

function answerIn(text: string): ToolAnswer[] {
  try {
    const { success, data } = line.safeParse(JSON.parse(text));
    return success ? [data] : [];
  } catch {
    return [];
  }
}
