// `pawl show ID`: one run as it stands, or as it ended; or a batch.

import type { Command } from "commander";
import type { RunShown } from "../client/read-run.ts";
import { isBatchId } from "../domain/batch.ts";
import { withClient, type CliContext } from "./context.ts";
import { showBatch } from "./follow-batch.ts";
import { outcomeText, summaryLines } from "./format.ts";
import { oneLine, printable } from "./printable.ts";

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
        const text = options.json === true ? JSON.stringify(fieldsOf(shown)) : textOf(shown);
        context.stdout.write(`${text}\n`);
      }),
    );
}

export function fieldsOf(shown: RunShown): object {
  if (shown.kind === "ended") return shown.result;
  const { status, waiting, soFar } = shown;
  return { ...soFar, status, ...(waiting === null ? {} : { waiting }) };
}

export function textOf(shown: RunShown): string {
  const { about } = shown;
  const figures = shown.kind === "ended" ? shown.result : shown.soFar;
  const state = shown.kind === "ended" ? outcomeText(shown.result.outcome) : openText(shown);
  const who = [about.agent, about.model ?? "not opened yet", about.tenant, about.session];
  return [
    `${figures.runId} · ${oneLine(state, 400)}`,
    who.map((word) => oneLine(word)).join(" · "),
    `task: ${oneLine(about.task, 400)}`,
    ...(about.provider === null ? [] : [`provider: ${oneLine(about.provider)}`]),
    ...(about.routing === null ? [] : [`model by routing: ${oneLine(about.routing)}`]),
    ...summaryLines(figures, about),
    ...(figures.answer === null ? [] : ["", printable(figures.answer)]),
    ...(figures.partial ? ["(the answer is partial)"] : []),
  ].join("\n");
}

function openText({ status, waiting }: Extract<RunShown, { kind: "open" }>): string {
  return waiting === null ? status : `${status} (${waiting.reason}): ${waiting.message}`;
}
