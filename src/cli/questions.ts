// `pawl questions`: tools that ask a person, in all runs or in one; and what one of them asks, whole.

import type { Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import type { PendingQuestions, QuestionsShown, QuestionsWaiting } from "../domain/question.ts";
import { shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import { questionLines } from "./answer-words.ts";
import { withClient, type CliContext } from "./context.ts";
import { positiveInteger } from "./option-values.ts";

interface QuestionsOptions {
  readonly tenant?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

export function addQuestions(program: Command, context: CliContext): void {
  program
    .command("questions")
    .description("list the tools that ask a person, or show what one of them asks")
    .argument("[id]", "only this run's")
    .argument("[call]", "what this call asks")
    .option("--tenant <name>", "only this tenant's")
    .option("--limit <n>", "how many (100)", positiveInteger)
    .option("--json", "one call per line")
    .action((runId: string | undefined, callId: string | undefined, options: QuestionsOptions) =>
      withClient(context, async (client) => {
        const { json, ...query } = options;
        const print = (call: object, text: string): void =>
          void context.stdout.write(`${json === true ? JSON.stringify(call) : text}\n`);
        if (runId !== undefined && callId !== undefined) {
          const shown = await client.question(runId, callId);
          return print(shown, wholeText(shown));
        }
        const waiting = await (runId === undefined
          ? client.questions(query)
          : questionsOf(client, runId));
        for (const call of waiting) print(call, textOf(call));
        if (waiting.length === 0) context.stderr.write("No tool asks a person.\n");
      }),
    );
}

/** As they wait now; the list of all runs is a second or so late. */
async function questionsOf(client: RunClient, runId: string): Promise<readonly QuestionsWaiting[]> {
  const shown = await client.show(runId);
  if (shown.kind === "ended") return [];
  const { tenant, agent, task } = shown.about;
  return shown.questions.map((pending) => ({ ...pending, runId, tenant, agent, task }));
}

/** Shortened: to be found by, and not to be answered. */
export function askingText({ callId, tool, preview }: PendingQuestions): string {
  return `${callNumber(callId)} ${shownLine(tool)} asks: ${shownLine(preview)}`;
}

function aboutLines(call: QuestionsWaiting): readonly string[] {
  const { deadlineAt, task, tenant } = call;
  const runId = shownLine(call.runId, 200);
  return [
    askingText(call),
    `  asked by ${runId} of ${shownLine(tenant)}: ${shownLine(task)}; silence cancels at ${deadlineAt}`,
  ];
}

function textOf(call: QuestionsWaiting): string {
  const run = `${shownLine(call.runId, 200)} ${shownLine(call.callId)}`;
  return [...aboutLines(call), `  whole: pawl questions ${run}   then: pawl answer ${run}`].join(
    "\n",
  );
}

export function wholeText(call: QuestionsShown, columns?: number): string {
  const { runId, callId, round } = call;
  return [
    ...aboutLines(call),
    ...questionLines(call.questions, columns),
    `  pawl answer ${runId} ${callId}`,
    `  pawl answer ${runId} ${callId} --round ${round} --answers '{"<question>": {"action": "accept", "content": {…}}}'`,
    `  pawl answer ${runId} ${callId} --decline`,
  ].join("\n");
}
