// `pawl approvals`: the calls that wait for a person, of all runs or of one; and one call, whole.

import type { Command } from "commander";
import type { ApprovalShown, ApprovalWaiting, PendingApproval } from "../domain/approval.ts";
import { shownCall, shownId, shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import type { CliContext } from "./context.ts";
import { argumentLines } from "./question.ts";
import { addWaitingList } from "./waiting-list.ts";

export function addApprovals(program: Command, context: CliContext): void {
  addWaitingList<PendingApproval, ApprovalShown>(program, context, {
    name: "approvals",
    description: "list the tool calls that wait for a person, or show one of them whole",
    whole: "this call, with all of its arguments",
    none: "No call waits for a person.",
    all: (client, query) => client.approvals(query),
    of: (run) => run.approvals,
    one: (client, runId, callId) => client.approval(runId, callId),
    textOf,
    wholeText,
  });
}

function aboutLines(call: ApprovalWaiting): readonly string[] {
  const { reason, deadlineAt, task, tenant } = call;
  const runId = shownId(call.runId);
  return [
    waitingText(call),
    `  ${shownLine(reason, 200)}; silence denies at ${deadlineAt}`,
    `  asked by ${runId} of ${shownLine(tenant)}: ${shownLine(task)}`,
  ];
}

function textOf(call: ApprovalWaiting): string {
  const name = shownCall(call);
  return [
    ...aboutLines(call),
    `  whole: pawl approvals ${name}   then: pawl approve ${name}, or deny`,
  ].join("\n");
}

/** Its arguments are shortened: to be found by, and not to be decided on. */
export function waitingText({ callId, tool, preview }: PendingApproval): string {
  return `${callNumber(callId)} ${shownLine(tool)} ${shownLine(preview)}`;
}

function wholeText(call: ApprovalShown): string {
  const name = shownCall(call);
  return [
    ...aboutLines(call),
    ...argumentLines(call),
    `  pawl approve ${name} --digest ${call.argsDigest}`,
    `  pawl deny ${name} --reason "why"`,
  ].join("\n");
}
