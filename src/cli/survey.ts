// What `pawl agents` and `pawl tools` share: the project is loaded as a worker loads it, and what is wrong with it is
// told after the list, with an exit code that a check in CI can use.

import { shownLine, spelledOut } from "../domain/shown-text.ts";
import type { Survey } from "../project/survey.ts";
import type { CliContext } from "./context.ts";
import { USAGE_EXIT } from "./exit-code.ts";
import { count } from "./format.ts";
import { columns } from "./table.ts";

interface Listing<Item> {
  readonly type: "agent" | "tool";
  readonly isJson: boolean;
  readonly items: (survey: Survey) => readonly Item[];
  readonly head: readonly string[];
  readonly row: (item: Item) => readonly string[];
}

export async function listSurvey<Item extends object>(
  context: CliContext,
  { type, isJson, items, head, row }: Listing<Item>,
): Promise<void> {
  const [{ readConfig }, { surveyProject }, { mistakeText }] = await Promise.all([
    import("../config.ts"),
    import("../project/survey.ts"),
    import("../project/mistake.ts"),
  ]);
  const survey = await surveyProject(readConfig(context.env));
  const { mistakes } = survey;
  const rows = items(survey);
  const lines = isJson
    ? [...rows.map((item) => ({ type, ...item })), ...mistakes.map(asJson)].map((line) =>
        JSON.stringify(line),
      )
    : columns([head, ...rows.map((item) => row(item).map((cell) => shownLine(cell, CELL_CHARS)))]);
  for (const line of lines) context.stdout.write(`${line}\n`);
  if (survey.dir === null) context.stderr.write("There is no project here. Make one: pawl init\n");
  if (mistakes.length === 0) return;
  context.exitCode = USAGE_EXIT;
  if (isJson) return;
  context.stderr.write(`\n${count(mistakes.length, "mistake")} in ${survey.dir}:\n`);
  for (const mistake of mistakes) {
    context.stderr.write(`${spelledOut(mistakeText(mistake)).replaceAll("\n", " ")}\n`);
  }
}

const CELL_CHARS = 60;

function asJson(mistake: Survey["mistakes"][number]): object {
  return { type: "mistake", ...mistake };
}
