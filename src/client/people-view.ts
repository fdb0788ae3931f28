// What a viewer must be told when calls begin to wait for a person, or one was decided or answered. Pure.

import type { Ruling } from "../domain/approval.ts";
import type {
  ApprovalDecided,
  ApprovalRequested,
  QuestionAnswered,
  QuestionAsked,
  RunContinued,
  RunWaiting,
} from "../domain/run-event.ts";
import { actionsIn, silenceOn } from "../domain/question.ts";
import type { RunFact } from "../domain/run/facts.ts";
import { questionsOf } from "../domain/run/questions.ts";
import { peopleWaitOf, pendingOf } from "../domain/run/shown.ts";
import type { EventBody } from "./event-body.ts";
import { argumentsIn, type ToldRun } from "./told-run.ts";
import { GOES_ON, waiting } from "./wait-view.ts";

type PeopleEvent = EventBody<
  ApprovalDecided | ApprovalRequested | QuestionAsked | QuestionAnswered | RunWaiting | RunContinued
>;

type PeopleFact = Extract<
  RunFact,
  { kind: "personAsked" | "ruled" | "questionsPut" | "questionsAnswered" }
>;

/** In the order in which it is told: what was decided, what is asked, and whether the run stands still. */
export function peopleNews(
  before: ToldRun,
  after: ToldRun,
  fact: PeopleFact,
): readonly PeopleEvent[] {
  const was = peopleWaitOf(before.state);
  const is = peopleWaitOf(after.state);
  return [
    ...(fact.kind === "ruled" ? decided(before, fact.callId, fact.ruling) : []),
    ...(fact.kind === "questionsAnswered" ? answered(before, fact) : []),
    ...requested(before, after),
    ...put(before, after),
    ...(is !== null && was?.reason !== is.reason ? [waiting(is)] : []),
    ...(was !== null && is === null ? [GOES_ON] : []),
  ];
}

/** Of a run that was called off in the same breath too: the person was told that it counts. */
function decided(
  { state: { phase } }: ToldRun,
  id: string,
  { verdict, by, reason, always, editedInput }: Ruling,
): readonly EventBody<ApprovalDecided>[] {
  const calls = phase.kind === "answering" ? phase.calls : [];
  const call = calls.find(({ callId }) => callId === id);
  if (call?.kind !== "asked") return [];
  const { callId, tool, turn } = call.pending;
  const edited = editedInput !== undefined;
  return [{ type: "approval.decided", turn, callId, tool, verdict, by, reason, edited, always }];
}

function requested(before: ToldRun, after: ToldRun): readonly EventBody<ApprovalRequested>[] {
  const known = pendingOf(before.state).map(({ callId }) => callId);
  const news = pendingOf(after.state).filter(({ callId }) => !known.includes(callId));
  return news.map(({ callId, tool, turn, argsDigest, reason, deadlineAt }) => {
    const asked = { turn, callId, tool, argsDigest, reason, deadlineAt };
    return { type: "approval.requested", ...asked, input: argumentsIn(after, callId) };
  });
}

function put(before: ToldRun, after: ToldRun): readonly EventBody<QuestionAsked>[] {
  const known = questionsOf(before.state);
  const { phase } = after.state;
  const calls = phase.kind === "answering" ? phase.calls : [];
  const news = questionsOf(after.state).filter(
    ({ callId, round }) => !known.some((old) => old.callId === callId && old.round === round),
  );
  return news.map(({ callId, tool, turn, round, deadlineAt }) => {
    const call = calls.find((asking) => asking.callId === callId);
    const questions = call?.kind === "questioned" ? call.questions : [];
    return { type: "question.asked", turn, callId, tool, round, questions, deadlineAt };
  });
}

function answered(
  { state: { phase } }: ToldRun,
  { callId, round, answers, by }: Extract<RunFact, { kind: "questionsAnswered" }>,
): readonly EventBody<QuestionAnswered>[] {
  const calls = phase.kind === "answering" ? phase.calls : [];
  const call = calls.find((asking) => asking.callId === callId);
  if (call?.kind !== "questioned" || call.pending.round !== round) return [];
  const { tool, turn } = call.pending;
  const actions = actionsIn(answers ?? silenceOn(call.questions));
  return [{ type: "question.answered", turn, callId, tool, round, by, actions }];
}
