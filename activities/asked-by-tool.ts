// What a tool asks a person, on its way to the run: bounded, and only what every door can show. A tool may be
// anybody's, so what can't be asked is an answer to the model, like any other failure.

import { QUESTION_ROUNDS_MAX } from "../src/domain/question.ts";
import { questionsFrom } from "../src/domain/run/parse-questions.ts";
import type { RunToolInput, ToolAskedResult } from "../src/domain/tool-call.ts";
import { failureText, type ToolOutput } from "./tools/tool-output.ts";
import type { ToolAsks } from "./tools/tool-questions.ts";

const GO_ON = "Go on without it, and say what was not done.";

export function askedBy(
  { callId, tool, heard }: Pick<RunToolInput, "callId" | "tool" | "heard">,
  asks: ToolAsks,
): ToolAskedResult | ToolOutput {
  if ((heard?.round ?? 0) >= QUESTION_ROUNDS_MAX) {
    const problem = `${tool} asked a person ${QUESTION_ROUNDS_MAX} times, and wants to ask again.`;
    return failureText(problem, GO_ON, "none");
  }
  const asked = questionsFrom(asks);
  if ("problem" in asked) {
    return failureText(
      `${tool} asks a person what can't be asked: ${asked.problem}`,
      GO_ON,
      "none",
    );
  }
  const { questions, resume } = asked.value;
  return { callId, asks: questions, resume };
}
