// Tools that ask, as tests speak of them: what waits, and what is answered.

import type { RunClient } from "../../src/client/run-client.ts";
import type { AnswerGiven, Answers, PendingQuestions } from "../../src/domain/question.ts";
import { until } from "./processes.ts";

export const AT_THE_BAR: Answers = {
  place: { action: "accept", content: { place: "bar", row: 2 } },
};

export async function askingCalls(
  client: RunClient,
  runId: string,
  calls = 1,
  withinMs = 120_000,
): Promise<readonly [PendingQuestions, ...PendingQuestions[]]> {
  return await until(
    `${calls} calls of ${runId} ask`,
    async () => {
      const shown = await client.show(runId);
      if (shown.kind !== "open" || shown.questions.length !== calls) return false;
      const [first, ...more] = shown.questions;
      return first === undefined ? false : ([first, ...more] as const);
    },
    withinMs,
  );
}

export function answerTo(
  { callId, round }: PendingQuestions,
  answers: Answers = AT_THE_BAR,
  more: Partial<AnswerGiven> = {},
): AnswerGiven {
  return { callId, round, answers, by: "tester", ...more };
}
