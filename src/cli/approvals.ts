// `pawl approvals`: the calls that wait for a person, of all runs.

import type { Command } from "commander";
import type { ApprovalWaiting } from "../domain/approval.ts";
import { withClient, type CliContext } from "./context.ts";
import { positiveInteger } from "./option-values.ts";
import { oneLine } from "./printable.ts";

interface ApprovalsOptions {
  readonly tenant?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export function addApprovals(program: Command, context: CliContext): void {
  program
    .command("approvals")
    .description("list the tool calls that wait for a person")
    .option("--tenant <name>", "only this tenant's")
    .option("--limit <n>", "how many (100)", positiveInteger)
    .option("--json", "one call per line")
    .action(({ json, ...query }: ApprovalsOptions) =>
      withClient(context, async (client) => {
        const waiting = await client.approvals(query);
        for (const call of waiting) {
          const text = json === true ? JSON.stringify(call) : textOf(call);
          context.stdout.write(`${text}\n`);
        }
        if (waiting.length === 0) context.stderr.write("No call waits for a person.\n");
      }),
    );
}

export function textOf(call: ApprovalWaiting): string {
  const { runId, callId, tool, preview, reason, deadlineAt, task, tenant } = call;
  return [
    `${oneLine(tool)} ${oneLine(preview)}`,
    `  ${oneLine(reason, 200)}; silence denies at ${deadlineAt}`,
    `  asked by ${runId} of ${oneLine(tenant)}: ${oneLine(task)}`,
    `  pawl approve ${runId} ${oneLine(callId)}   or: pawl deny ${runId} ${oneLine(callId)}`,
  ].join("\n");
}
