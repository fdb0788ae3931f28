// `pawl questions`: tools that ask a person, in all runs or in one; and what one of them asks, whole.

import type { Command } from "commander";
import type { PendingQuestions, QuestionsShown, QuestionsWaiting } from "../domain/question.ts";
import { shownCall, shownId, shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import { questionLines } from "./answer-words.ts";
import type { CliContext } from "./context.ts";
import { addWaitingList } from "./waiting-list.ts";

export function addQuestions(program: Command, context: CliContext): void {
  addWaitingList<PendingQuestions, QuestionsShown>(program, context, {
    name: "questions",
    description: "list the tools that ask a person, or show what one of them asks",
    whole: "what this call asks",
    none: "No tool asks a person.",
    all: (client, query) => client.questions(query),
    of: (run) => run.questions,
    one: (client, runId, callId) => client.question(runId, callId),
    textOf,
    wholeText: (call) => wholeText(call),
  });
}

/** Shortened: to be found by, and not to be answered. */
export function askingText({ callId, tool, preview }: PendingQuestions): string {
  return `${callNumber(callId)} ${shownLine(tool)} asks: ${shownLine(preview)}`;
}

function aboutLines(call: QuestionsWaiting): readonly string[] {
  const { deadlineAt, task, tenant } = call;
  const runId = shownId(call.runId);
  return [
    askingText(call),
    `  asked by ${runId} of ${shownLine(tenant)}: ${shownLine(task)}; silence cancels at ${deadlineAt}`,
  ];
}

function textOf(call: QuestionsWaiting): string {
  const name = shownCall(call);
  return [...aboutLines(call), `  whole: pawl questions ${name}   then: pawl answer ${name}`].join(
    "\n",
  );
}

export function wholeText(call: QuestionsShown, columns?: number): string {
  const { round } = call;
  const name = shownCall(call);
  return [
    ...aboutLines(call),
    ...questionLines(call.questions, columns),
    `  pawl answer ${name}`,
    `  pawl answer ${name} --round ${round} --answers '{"<question>": {"action": "accept", "content": {…}}}'`,
    `  pawl answer ${name} --decline`,
  ].join("\n");
}
