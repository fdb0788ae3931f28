// What a viewer must be told when the memo of a run's approvals changes. Pure.

import type { Approvals } from "../domain/approval.ts";
import type {
  ApprovalDecided,
  ApprovalRequested,
  RunContinued,
  RunWaiting,
} from "../domain/run-event.ts";
import { waitingFor } from "./run-tally.ts";

type Bare<Event> = Omit<Event, "id" | "runId" | "ts">;
type News = Bare<ApprovalDecided> | Bare<ApprovalRequested> | Bare<RunWaiting> | Bare<RunContinued>;

/** In the order in which it is told: what was decided, what is asked, and whether the run stands still. */
export function approvalNews(
  before: Approvals,
  after: Approvals,
  argumentsOf: (callId: string) => unknown,
): readonly News[] {
  const wasDecided = new Set(before.decided.map(({ callId }) => callId));
  const wasWaiting = new Set(before.waiting.map(({ callId }) => callId));
  const decided = after.decided.filter(({ callId }) => !wasDecided.has(callId));
  const requested = after.waiting.filter(({ callId }) => !wasWaiting.has(callId));
  const waiting = waitingFor(after);
  return [
    ...decided.map(({ callId, tool, turn, verdict, by, reason, edited, always }) => {
      return {
        type: "approval.decided",
        turn,
        callId,
        tool,
        verdict,
        by,
        reason,
        edited,
        always,
      } as const;
    }),
    ...requested.map(({ callId, tool, turn, argsDigest, reason, deadlineAt }) => {
      const input = argumentsOf(callId);
      return {
        type: "approval.requested",
        turn,
        callId,
        tool,
        input,
        argsDigest,
        reason,
        deadlineAt,
      } as const;
    }),
    ...(waiting !== null && before.waiting.length === 0
      ? [{ type: "run.waiting", ...waiting } as const]
      : []),
    // A run that ends takes its questions back, and does not go on.
    ...(waiting === null && before.waiting.length > 0 && decided.length > 0
      ? [{ type: "run.continued", reason: "resumed" } as const]
      : []),
  ];
}
