// What the memo of a run says of calls that wait: the run writes it, but whoever starts a workflow may write one too.

import { NO_APPROVALS, type Approvals } from "../approval.ts";

export function approvalsFrom(given: unknown): Approvals {
  return isApprovals(given) ? given : NO_APPROVALS;
}

function isApprovals(given: unknown): given is Approvals {
  return (
    isRecord(given) &&
    Array.isArray(given["waiting"]) &&
    given["waiting"].every(
      (call: unknown) => isRecord(call) && typeof call["callId"] === "string",
    ) &&
    Array.isArray(given["expired"])
  );
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null;
}
