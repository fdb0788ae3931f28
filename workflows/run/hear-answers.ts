// A person's answers to the questions of a tool. Taken where they name the round that waits and fit what was asked,
// and else refused with the reason.
//
//   O2. A round is answered once: the first answers stand, and every other is refused with its reason.
//   O3. Answers count only for the call and the round they name, before its deadline, in a run under way.
//   O4. The tool is executed again with them, once for each round, whatever died in between.

import { type ApplicationFailure, defineUpdate, setHandler } from "@temporalio/workflow";
import { whyNoAnswer } from "../../src/domain/form.ts";
import { actionsIn, type AnswerGiven, type AnswerTaken } from "../../src/domain/question.ts";
import { answerFrom } from "../../src/domain/run/parse-answer.ts";
import { endOfRound, questionsOf } from "../../src/domain/run/questions.ts";
import type { RunState } from "../../src/domain/run/state.ts";
import { ANSWER_UPDATE } from "../../src/temporal/names.ts";
import { callIn, type Life } from "./life.ts";
import { refusal } from "./refusal.ts";

const answerUpdate = defineUpdate<AnswerTaken, [unknown]>(ANSWER_UPDATE);

export function hearAnswers(life: Life): void {
  setHandler(answerUpdate, (given) => take(life, usable(given)), {
    validator: (given) => refuse(life, usable(given)),
  });
}

function usable(given: unknown): AnswerGiven {
  const answer = answerFrom(given);
  if ("value" in answer) return answer.value;
  throw refusal("INVALID_INPUT", `That is no answer: ${answer.problem}.`);
}

function take(life: Life, given: AnswerGiven): AnswerTaken {
  // Between the validator and this line another answer may have come, and a replay asks no validator.
  refuse(life, given);
  const { callId, round, answers, by } = given;
  const pending = questionsOf(life.state).find((call) => call.callId === callId);
  if (pending === undefined) throw whyNotOpen(life.state, given);
  life.record({ kind: "questionsAnswered", callId, round, answers, by });
  const { tool, turn } = pending;
  const answeredAt = new Date(Date.now()).toISOString();
  return { callId, tool, turn, round, by, actions: actionsIn(answers), answeredAt };
}

/** Throws why it can't be taken. Temporal keeps no record of what is refused by the validator. */
function refuse(life: Life, given: AnswerGiven): void {
  const { callId, round, answers } = given;
  const pending = questionsOf(life.state).find((call) => call.callId === callId);
  const call = callIn(life, callId);
  if (pending?.round !== round || call?.kind !== "questioned") {
    throw whyNotOpen(life.state, given);
  }
  if (Date.now() >= Date.parse(pending.deadlineAt)) {
    const message = `The questions of the call ${callId} could be answered until ${pending.deadlineAt}.`;
    throw refusal("QUESTION_EXPIRED", message);
  }
  const problem = whyNoAnswer(call.questions, answers);
  if (problem !== null) throw refusal("ANSWER_INVALID", `That does not fit: ${problem}.`);
}

function whyNotOpen(
  { memory, calledOff, phase }: RunState,
  { callId, round }: AnswerGiven,
): ApplicationFailure {
  const end = memory === null ? null : endOfRound(memory.people, { callId, round });
  const what = `round ${round} of the call ${callId}`;
  if (end === "expired") return refusal("QUESTION_EXPIRED", `Nobody answered ${what} in time.`);
  if (end === "answered") return refusal("QUESTION_ANSWERED", `Somebody answered ${what} before.`);
  if (calledOff !== null || phase.kind === "closing") {
    return refusal("RUN_ENDED", "The run is ending; nothing is asked any more.");
  }
  return refusal("QUESTION_NOT_FOUND", `Nothing is asked in ${what} of this run.`);
}
