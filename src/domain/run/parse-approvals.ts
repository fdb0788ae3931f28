// What the memos of a run say of calls that wait: the run writes it, but whoever starts a workflow may write one too.

import { NO_APPROVALS, type Approvals } from "../approval.ts";
import type { QuestionsNow } from "../question.ts";

export function approvalsFrom(given: unknown): Approvals {
  return isApprovals(given) ? given : NO_APPROVALS;
}

function isApprovals(given: unknown): given is Approvals {
  return isRecord(given) && areCalls(given["waiting"]) && Array.isArray(given["expired"]);
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null;
}

export function questionsNowFrom(given: unknown): QuestionsNow {
  return isQuestionsNow(given) ? given : { waiting: [], silent: [] };
}

function isQuestionsNow(given: unknown): given is QuestionsNow {
  return isRecord(given) && areCalls(given["waiting"]) && areCalls(given["silent"]);
}

function areCalls(given: unknown): boolean {
  return (
    Array.isArray(given) &&
    given.every((call: unknown) => isRecord(call) && typeof call["callId"] === "string")
  );
}
