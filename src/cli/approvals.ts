// `pawl approvals`: the calls that wait for a person, of all runs or of one; and one call, whole.

import type { Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import type { ApprovalShown, ApprovalWaiting, PendingApproval } from "../domain/approval.ts";
import { shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import { withClient, type CliContext } from "./context.ts";
import { positiveInteger } from "./option-values.ts";
import { argumentLines } from "./question.ts";

interface ApprovalsOptions {
  readonly tenant?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export function addApprovals(program: Command, context: CliContext): void {
  program
    .command("approvals")
    .description("list the tool calls that wait for a person, or show one of them whole")
    .argument("[id]", "only this run's")
    .argument("[call]", "this call, with all of its arguments")
    .option("--tenant <name>", "only this tenant's")
    .option("--limit <n>", "how many (100)", positiveInteger)
    .option("--json", "one call per line")
    .action((runId: string | undefined, callId: string | undefined, options: ApprovalsOptions) =>
      withClient(context, async (client) => {
        const { json, ...query } = options;
        const print = (call: object, text: string): void =>
          void context.stdout.write(`${json === true ? JSON.stringify(call) : text}\n`);
        if (runId !== undefined && callId !== undefined) {
          const shown = await client.approval(runId, callId);
          return print(shown, wholeText(shown));
        }
        const waiting = await (runId === undefined
          ? client.approvals(query)
          : approvalsOf(client, runId));
        for (const call of waiting) print(call, textOf(call));
        if (waiting.length === 0) context.stderr.write("No call waits for a person.\n");
      }),
    );
}

/** As they wait now; the list of all runs is a second or so late. */
async function approvalsOf(client: RunClient, runId: string): Promise<readonly ApprovalWaiting[]> {
  const shown = await client.show(runId);
  if (shown.kind === "ended") return [];
  const { tenant, agent, task } = shown.about;
  return shown.approvals.map((pending) => ({ ...pending, runId, tenant, agent, task }));
}

function aboutLines(call: ApprovalWaiting): readonly string[] {
  const { reason, deadlineAt, task, tenant } = call;
  const runId = shownLine(call.runId, 200);
  return [
    waitingText(call),
    `  ${shownLine(reason, 200)}; silence denies at ${deadlineAt}`,
    `  asked by ${runId} of ${shownLine(tenant)}: ${shownLine(task)}`,
  ];
}

function textOf(call: ApprovalWaiting): string {
  const callId = shownLine(call.callId);
  const runId = shownLine(call.runId, 200);
  return [
    ...aboutLines(call),
    `  whole: pawl approvals ${runId} ${callId}   then: pawl approve ${runId} ${callId}, or deny`,
  ].join("\n");
}

/** Its arguments are shortened: to be found by, and not to be decided on. */
export function waitingText({ callId, tool, preview }: PendingApproval): string {
  return `${callNumber(callId)} ${shownLine(tool)} ${shownLine(preview)}`;
}

function wholeText(call: ApprovalShown): string {
  const { runId, callId, argsDigest } = call;
  return [
    ...aboutLines(call),
    ...argumentLines(call),
    `  pawl approve ${runId} ${callId} --digest ${argsDigest}`,
    `  pawl deny ${runId} ${callId} --reason "why"`,
  ].join("\n");
}
