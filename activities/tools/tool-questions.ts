// A tool that must ask a person before it can answer gives back its questions in place of an output. The run waits
// for the answers, for days if need be, and executes the tool again with them: `context.answers`, `context.resume`.

import type { Question } from "../../src/domain/question.ts";
import type { ToolOutput } from "./tool-output.ts";

export type { Answers, Question } from "../../src/domain/question.ts";

/** What `run` of a tool gives back where it asks: nothing has taken effect that a repetition would do again. */
export interface ToolAsks {
  readonly kind: "asks";
  readonly questions: readonly Question[];
  /** Kept for the next execution, and shown to nobody. */
  readonly resume: string | null;
}

export type ToolResult = ToolOutput | ToolAsks;

export function isAsking(result: ToolResult): result is ToolAsks {
  return "kind" in result;
}
