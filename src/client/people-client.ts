// What runs wait for people to decide or to answer, as a client reads it and says it.

import type {
  ApprovalShown,
  ApprovalWaiting,
  DecidedApproval,
  Decision,
} from "../domain/approval.ts";
import type {
  AnswerGiven,
  AnswerTaken,
  QuestionsShown,
  QuestionsWaiting,
} from "../domain/question.ts";
import { listApprovals, readApproval } from "./approvals.ts";
import { decide } from "./decide.ts";
import { answer, listQuestions, readQuestions } from "./questions.ts";
import type { RunSources } from "./read-run.ts";
import { asked } from "./steer.ts";
import type { WaitingQuery } from "./waiting.ts";

export interface PeopleClient {
  /** Calls that wait for a person, of all runs; a second or so late. */
  approvals(query?: WaitingQuery): Promise<readonly ApprovalWaiting[]>;
  /** One of them, with all that a person must see before deciding. */
  approval(runId: string, callId: string): Promise<ApprovalShown>;
  /** The first decision counts; any other throws PawlError with the reason. */
  decide(runId: string, decision: Decision): Promise<DecidedApproval>;
  /** Tools that ask a person, of all runs; a second or so late. */
  questions(query?: WaitingQuery): Promise<readonly QuestionsWaiting[]>;
  /** What one of them asks. */
  question(runId: string, callId: string): Promise<QuestionsShown>;
  /** The first answer to a round counts; any other throws PawlError with the reason. */
  answer(runId: string, given: AnswerGiven): Promise<AnswerTaken>;
}

export function peopleOf(sources: RunSources): PeopleClient {
  const { client } = sources;
  return {
    approvals: (query) => asked(listApprovals(client, query)),
    approval: (runId, callId) => asked(readApproval(sources, runId, callId), runId),
    decide: (runId, decision) => asked(decide(sources, runId, decision), runId),
    questions: (query) => asked(listQuestions(client, query)),
    question: (runId, callId) => asked(readQuestions(sources, runId, callId), runId),
    answer: (runId, given) => asked(answer(sources, runId, given), runId),
  };
}
