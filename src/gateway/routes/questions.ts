// Tools that ask a person: the inbox, what one of them asks, and the answer. Beside the approvals, with their scopes:
// who may decide may answer.

import { z } from "@hono/zod-openapi";
import { addRoute, answer, type App } from "../define-route.ts";
import { ownRun } from "../own-run.ts";
import { ASKING, CALL_PATH, OF_RUN } from "../schemas.ts";
import { addInbox } from "./inbox.ts";

const OF_A_RUN = { ...ASKING, ...OF_RUN };

const INBOX = z
  .strictObject({ questions: z.array(z.object(OF_A_RUN)).readonly() })
  .openapi("QuestionInbox");

const QUESTION = z
  .strictObject({
    id: z.string(),
    text: z.string(),
    schema: z.unknown().openapi({
      description: "A flat JSON Schema of the content; null where yes or no is asked.",
    }),
    url: z.string().optional(),
  })
  .openapi("Question");

const SHOWN = z
  .looseObject({ ...OF_A_RUN, questions: z.array(QUESTION).readonly() })
  .openapi("QuestionsShown");

const ACTION = z.enum(["accept", "decline", "cancel"]);
const VALUE = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]);

const GIVEN = z
  .strictObject({
    round: z
      .int()
      .min(1)
      .openapi({ description: "Of the questions that were read: an answer holds for no others." }),
    answers: z
      .record(
        z.string().max(128),
        z.union([
          z.strictObject({
            action: z.literal("accept"),
            content: z.record(z.string().max(128), VALUE).default({}),
          }),
          z.strictObject({ action: z.enum(["decline", "cancel"]) }),
        ]),
      )
      .openapi({ description: "To each question, by its id." }),
  })
  .openapi("Answer");

const TAKEN = z
  .strictObject({
    callId: z.string(),
    tool: z.string(),
    turn: z.number(),
    round: z.number(),
    by: z.string(),
    actions: z.record(z.string(), ACTION),
    answeredAt: z.string(),
  })
  .openapi("AnswerTaken");

const PATH = "/v1/runs/{runId}/questions/{callId}";
const NOT_ASKING = [
  "QUESTION_NOT_FOUND",
  "QUESTION_ANSWERED",
  "QUESTION_EXPIRED",
  "RUN_ENDED",
] as const;

export function addQuestions(app: App): void {
  addInbox(app, {
    path: "/v1/questions",
    operationId: "listQuestions",
    summary: "Tools that ask a person, in all runs; a second or so late",
    schema: INBOX,
    read: async (client, query) => ({ questions: await client.questions(query) }),
  });
  addRoute(
    app,
    {
      method: "get",
      path: PATH,
      operationId: "getQuestions",
      summary: "What a call asks, with all that a person must see before answering",
      scopes: ["runs:read", "approvals:decide"],
      params: CALL_PATH,
      answers: { 200: { description: "The questions.", schema: SHOWN } },
      problems: [...NOT_ASKING],
    },
    async ({ params: { runId, callId }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      return answer(200, { ...(await gateway.client.question(runId, callId)) });
    },
  );
  addRoute(
    app,
    {
      method: "post",
      path: PATH,
      operationId: "answerQuestions",
      summary: "Answer what a call asks; the first answer to a round counts",
      scopes: ["approvals:decide"],
      params: CALL_PATH,
      body: GIVEN,
      answers: { 200: { description: "The answer that stands.", schema: TAKEN } },
      problems: [...NOT_ASKING, "ANSWER_INVALID"],
    },
    async ({ params: { runId, callId }, body: { round, answers }, principal, gateway }) => {
      await ownRun(gateway, principal, runId);
      const by = principal.name;
      return answer(200, await gateway.client.answer(runId, { callId, round, answers, by }));
    },
  );
}
