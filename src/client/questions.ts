// Questions of tools that wait for a person: of all runs, those of one call whole, and the answer on its way to the
// run. Repeating an answer is safe: it is one update to Temporal, known by what it says.

import { createHash } from "node:crypto";
import type { Client, WorkflowExecutionInfo } from "@temporalio/client";
import { PawlError } from "../domain/errors.ts";
import { whyNoAnswer } from "../domain/form.ts";
import type {
  AnswerGiven,
  AnswerTaken,
  QuestionsNow,
  QuestionsShown,
  QuestionsWaiting,
} from "../domain/question.ts";
import { answerFrom } from "../domain/run/parse-answer.ts";
import { questionsNowFrom } from "../domain/run/parse-approvals.ts";
import { endOfRound } from "../domain/run/questions.ts";
import type { CallState, RunState } from "../domain/run/state.ts";
import { callKeyOf } from "../domain/tool-call.ts";
import { ANSWER_UPDATE, MEMOS } from "../temporal/names.ts";
import { shortTask } from "../temporal/run-start.ts";
import { foldRun, type RunSources } from "./read-run.ts";
import { runEnded } from "./steer.ts";
import { updateRun } from "./update-run.ts";
import { listWaiting, type WaitingQuery } from "./waiting.ts";

export async function listQuestions(
  client: Client,
  query: WaitingQuery = {},
): Promise<readonly QuestionsWaiting[]> {
  return await listWaiting(client, query, (memo) => questionsIn(memo).waiting);
}

export function questionsIn(memo: WorkflowExecutionInfo["memo"]): QuestionsNow {
  return questionsNowFrom(memo?.[MEMOS.questions]);
}

/** Throws PawlError RUN_NOT_FOUND, RUN_ENDED, or a QUESTION_ code that says why the call does not ask. */
export async function readQuestions(
  sources: RunSources,
  runId: string,
  callId: string,
): Promise<QuestionsShown> {
  const { run, isOver } = await foldRun(sources, runId);
  const { input, state } = run;
  const call = askingIn(state, callId);
  if (call === null || input === null || isOver) {
    throw isOver ? runEnded(runId) : whyNotAsking(runId, callId, state);
  }
  const { tenant, agent, task } = input;
  const { pending, questions } = call;
  return { ...pending, runId, tenant, agent, task: shortTask(task), questions };
}

type Questioned = Extract<CallState, { kind: "questioned" }>;

function askingIn({ phase, calledOff }: RunState, id: string): Questioned | null {
  if (phase.kind !== "answering" || calledOff !== null) return null;
  const call = phase.calls.find(({ callId }) => callId === id);
  return call?.kind === "questioned" ? call : null;
}

function whyNotAsking(runId: string, callId: string, { memory }: RunState): PawlError {
  const last = memory?.people.settled.findLast((call) => call.callId === callId)?.round;
  const end =
    memory === null || last === undefined
      ? null
      : endOfRound(memory.people, { callId, round: last });
  if (end === "expired") {
    return new PawlError("QUESTION_EXPIRED", `Nobody answered the call ${callId} in time.`);
  }
  if (end === "answered") {
    return new PawlError("QUESTION_ANSWERED", `Somebody answered the call ${callId} before.`);
  }
  return new PawlError("QUESTION_NOT_FOUND", `The call ${callId} of ${runId} asks nothing.`);
}

/** Throws PawlError: QUESTION_… where the answer does not count, ANSWER_INVALID where it does not fit. */
export async function answer(
  sources: RunSources,
  runId: string,
  given: AnswerGiven,
): Promise<AnswerTaken> {
  const usable = answerFrom(given);
  if ("problem" in usable) {
    throw new PawlError("ANSWER_INVALID", `That is no answer: ${usable.problem}.`);
  }
  const { callId, round, answers } = usable.value;
  const said = createHash("sha256").update(JSON.stringify(usable.value)).digest("hex");
  const taken = {
    runId,
    name: ANSWER_UPDATE,
    updateId: `${callKeyOf(runId, callId)}/answer/${round}/${said.slice(0, 32)}`,
    argument: usable.value,
    what: "the answer",
  };
  // One that was taken before is answered as it was, whatever waits by now.
  const asked = await readQuestions(sources, runId, callId).catch(unlessOver);
  const problem = asked?.round === round ? whyNoAnswer(asked.questions, answers) : null;
  if (problem !== null) throw new PawlError("ANSWER_INVALID", `That does not fit: ${problem}.`);
  return await updateRun<AnswerTaken>(sources.client, taken);
}

/** Then the run itself says what it thinks of the answer. */
function unlessOver(error: unknown): null {
  const isOver =
    error instanceof PawlError &&
    (error.code.startsWith("QUESTION_") || error.code === "RUN_ENDED");
  if (isOver) return null;
  throw error;
}
