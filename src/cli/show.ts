// `pawl show ID`: one run as it stands, or as it ended; or a batch.

import type { Command } from "commander";
import type { RunShown } from "../client/read-run.ts";
import { isBatchId } from "../domain/batch.ts";
import { shownCall, shownId, shownLine, spelledOut, WHOLE } from "../domain/shown-text.ts";
import { waitingText } from "./approvals.ts";
import { askingText } from "./questions.ts";
import { withClient, type CliContext } from "./context.ts";
import { showBatch } from "./follow-batch.ts";
import { adviceOn, outcomeText, summaryLines, usd } from "./format.ts";
import { createMargin } from "./margin.ts";

export function addShow(program: Command, context: CliContext): void {
  program
    .command("show")
    .description("what a run did, said and cost")
    .argument("<id>", "the run, or a batch")
    .option("--json", "the fields of the result line; status instead of outcome while open")
    .action((runId: string, options: { readonly json?: boolean }) =>
      withClient(context, async (client) => {
        if (isBatchId(runId)) {
          return await showBatch(context, client, runId, options.json === true);
        }
        const shown = await client.show(runId);
        const margin = createMargin(() => process.stdout.columns);
        const text =
          options.json === true
            ? JSON.stringify(fieldsOf(shown))
            : textOf(shown, context.isTerminal ? (answer) => margin.within(answer) : undefined);
        context.stdout.write(`${text}\n`);
      }),
    );
}

export function fieldsOf(shown: RunShown): object {
  if (shown.kind === "ended") return shown.result;
  const { status, waiting, soFar, books } = shown;
  return { ...soFar, ...books, status, ...(waiting === null ? {} : { waiting }) };
}

export function textOf(
  shown: RunShown,
  within: (answer: string) => string = (answer) => answer,
): string {
  const { about } = shown;
  const figures = shown.kind === "ended" ? shown.result : shown.soFar;
  const advice = shown.kind === "ended" ? adviceOn(shown.result.outcome) : null;
  const who = [
    `agent ${shownLine(about.agent)}`,
    about.model === null ? "not opened yet" : `model ${shownLine(about.model)}`,
    `tenant ${shownLine(about.tenant)}`,
    `session ${shownLine(about.session)}`,
  ];
  return [
    `${shownId(figures.runId)} · ${stateText(shown)}`,
    ...(advice === null ? [] : [advice]),
    who.join(" · "),
    `task: ${shownLine(about.task, 400)}`,
    ...flagText(figures.flagged),
    ...(about.provider === null ? [] : [`provider: ${shownLine(about.provider)}`]),
    ...(about.permission === null ? [] : [`permission: ${about.permission}`]),
    ...(shown.kind === "open" ? peopleText(shown) : []),
    ...(about.routing === null ? [] : [`model by routing: ${shownLine(about.routing)}`]),
    ...summaryLines(figures, about),
    ...(shown.kind === "open" ? booksText(shown) : []),
    ...(figures.answer === null ? [] : ["", within(spelledOut(figures.answer))]),
    ...(figures.partial ? ["(the answer is partial)"] : []),
  ].join("\n");
}

function flagText(rules: readonly string[] = []): readonly string[] {
  return rules.length === 0 ? [] : [`⚑ flagged: ${shownLine(rules.join(", "), 400)}`];
}

/** What waits for people. */
function peopleText({
  approvals,
  questions,
  soFar: { runId },
}: Extract<RunShown, { kind: "open" }>): readonly string[] {
  const nameOf = ({ callId }: { readonly callId: string }): string => shownCall({ runId, callId });
  return [
    ...approvals.map((call) => `waits: ${waitingText(call)} · pawl approvals ${nameOf(call)}`),
    ...questions.map((call) => `waits: ${askingText(call)} · pawl answer ${nameOf(call)}`),
  ];
}

/** What the call under way has set aside, and what lost attempts may have cost. */
function booksText({ books }: Extract<RunShown, { kind: "open" }>): readonly string[] {
  if (books === null) return [];
  const { heldUsd, fearedUsd } = books;
  const held = heldUsd > 0 ? [`${usd(heldUsd)} held for the call under way`] : [];
  const feared = fearedUsd > 0 ? [`${usd(fearedUsd)} of the cost is feared`] : [];
  const parts = [...held, ...feared];
  return parts.length === 0 ? [] : [parts.join(" · ")];
}

/** What a run ended with may be told nowhere else: whole, then. */
function stateText(shown: RunShown): string {
  if (shown.kind === "ended") return shownLine(outcomeText(shown.result.outcome), WHOLE);
  const { status, waiting } = shown;
  if (waiting === null) return status;
  return shownLine(`${status} (${waiting.reason}): ${waiting.message}`, 400);
}
