// `pawl answer`: a person answers what a tool asks. At a terminal each field is asked for, once the question was shown
// whole; a script says which call and round it answers, and everything at once.

import { InvalidArgumentError, type Command } from "commander";
import type { RunClient } from "../client/run-client.ts";
import { PawlError } from "../domain/errors.ts";
import { valueFrom, whyUnfitValue } from "../domain/form.ts";
import type {
  Answers,
  AnswerTaken,
  FormField,
  FormValue,
  Question,
  QuestionAnswer,
  QuestionsShown,
} from "../domain/question.ts";
import { answerFrom } from "../domain/run/parse-answer.ts";
import { shownId, shownLine } from "../domain/shown-text.ts";
import { callNumber } from "../domain/tool-call.ts";
import { declined, fieldText, objectIn, questionLines } from "./answer-words.ts";
import { withClient, type Ask, type CliContext } from "./context.ts";
import { positiveInteger } from "./option-values.ts";
import { userName } from "./say.ts";
import { showWhole } from "./show-whole.ts";

interface AnswerOptions {
  readonly round?: number;
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly decline?: boolean;
  readonly json?: boolean;
}

/** Nothing was changed. */
const UNANSWERED_EXIT = 3;

export function addAnswer(program: Command, context: CliContext): void {
  program
    .command("answer")
    .description("answer what a tool asks; the run goes on with it")
    .argument("<id>", "the run")
    .argument("[call]", "the call that asks; a script must name it")
    .option(
      "--round <n>",
      "of the questions that were read; a script must name it",
      positiveInteger,
    )
    .option(
      "--answers <json>",
      'by question: {"seat": {"action": "accept", "content": {…}}}',
      object,
    )
    .option("--decline", "decline all that it asks; the tool is told")
    .option("--json", "what was taken as one line")
    .action((runId: string, callId: string | undefined, options: AnswerOptions) =>
      withClient(context, (client) => answer(context, client, { runId, callId, options })),
    );
}

interface Order {
  readonly runId: string;
  readonly callId: string | undefined;
  readonly options: AnswerOptions;
}

async function answer(
  context: CliContext,
  client: RunClient,
  { runId, callId: given, options }: Order,
): Promise<number | void> {
  const { json, decline, answers: written, round } = options;
  const ask =
    context.ask === undefined || !context.isTerminal || json === true ? null : context.ask;
  const isScript = given !== undefined && (decline === true || round !== undefined);
  if (ask === null && !isScript) throw nameless(runId);
  if (written !== undefined && round === undefined) throw nameless(runId);
  const shown = await client.question(runId, given ?? (await onlyCallOf(client, runId)));
  const answers = await answersFor(context, ask, shown, options);
  if (answers === null) {
    context.stderr.write("Nothing was answered; the tool waits on.\n");
    return UNANSWERED_EXIT;
  }
  const { callId } = shown;
  const said = { callId, round: round ?? shown.round, answers, by: userName() };
  const taken = await client.answer(runId, said);
  context.stdout.write(`${json === true ? JSON.stringify(taken) : takenText(taken)}\n`);
}

async function answersFor(
  context: CliContext,
  ask: Ask | null,
  shown: QuestionsShown,
  { answers: written, decline }: AnswerOptions,
): Promise<Answers | null> {
  if (decline === true) return declined(shown.questions);
  if (written !== undefined) return usable(shown, written);
  return ask === null ? null : await asked(context, ask, shown);
}

/** Whether it fits is looked at where every answer is. */
function usable({ callId, round }: QuestionsShown, answers: unknown): Answers {
  const read = answerFrom({ callId, round, answers, by: "" });
  if ("value" in read) return read.value.answers;
  throw new PawlError("ANSWER_INVALID", `That is no answer: ${read.problem}.`);
}

async function asked(
  { stdout }: CliContext,
  ask: Ask,
  shown: QuestionsShown,
): Promise<Answers | null> {
  const { callId, tool, runId, deadlineAt, questions } = shown;
  const head = `${callNumber(callId)} ${shownLine(tool)} of ${shownId(runId)} asks; silence cancels at ${deadlineAt}`;
  if (!(await showWhole(stdout, ask, [head, ...questionLines(questions, stdout.columns)]))) {
    return null;
  }
  const answers: Record<string, QuestionAnswer> = {};
  for (const question of questions) {
    const said = await answerTo(stdout, ask, question);
    if (said === null) return null;
    answers[question.id] = said;
  }
  return answers;
}

/** Null where the person leaves: nothing is answered then, of the other questions neither. */
async function answerTo(
  out: CliContext["stdout"],
  ask: Ask,
  { id, schema }: Question,
): Promise<QuestionAnswer | null> {
  const word = await ask(`${shownLine(id)}: y answers it, n declines, Enter leaves it open: `);
  if (/^n(o)?$/i.test(word.trim())) return { action: "decline" };
  if (!/^y(es)?$/i.test(word.trim())) return null;
  if (schema === null) return { action: "accept" };
  const content: Record<string, FormValue> = {};
  for (const [name, field] of Object.entries(schema.properties)) {
    const isNeeded = schema.required?.includes(name) === true;
    const value = await valueOf(out, ask, { name, field, isNeeded });
    if (value === null) return null;
    if (value !== undefined) content[name] = value;
  }
  return { action: "accept", content };
}

interface Field {
  readonly name: string;
  readonly field: FormField;
  readonly isNeeded: boolean;
}

/** Undefined where it is left out, null where it can't be and the person says nothing. */
async function valueOf(
  out: CliContext["stdout"],
  ask: Ask,
  { name, field, isNeeded }: Field,
): Promise<FormValue | null | undefined> {
  while (true) {
    const line = await ask(`  ${fieldText(name, field, isNeeded)}\n  > `);
    if (line.trim() === "") return field.default ?? (isNeeded ? null : undefined);
    const value = valueFrom(field, line);
    const problem = whyUnfitValue(field, value);
    if (problem === null) return value;
    out.write(`  ${shownLine(name)} ${shownLine(problem, 400)}\n`);
  }
}

async function onlyCallOf(client: RunClient, runId: string): Promise<string> {
  const shown = await client.show(runId);
  const waiting = shown.kind === "open" ? shown.questions : [];
  const [only] = waiting;
  if (only !== undefined && waiting.length === 1) return only.callId;
  if (only === undefined) {
    throw new PawlError("QUESTION_NOT_FOUND", `No tool of the run ${runId} asks anything.`);
  }
  const calls = waiting.map(({ callId, tool }) => `${callId} ${shownLine(tool)}`).join(", ");
  const message = `${waiting.length} calls ask in ${runId}, ${calls}: say which.`;
  throw new PawlError("USAGE", message, { next: `see them: pawl questions ${runId}` });
}

function nameless(runId: string): PawlError {
  const how = `pawl answer ${runId} CALL --round N --answers JSON`;
  const message = `A script names the call that it answers, and the round that it has read: ${how}, or --decline`;
  return new PawlError("USAGE", message, { next: `see both: pawl questions ${runId} CALL` });
}

function takenText({ tool, actions }: AnswerTaken): string {
  const each = Object.entries(actions).map(([id, action]) => `${shownLine(id)}: ${action}`);
  return `${shownLine(tool)} goes on with ${each.join(", ")}`;
}

function object(text: string): Readonly<Record<string, unknown>> {
  const value = objectIn(text);
  if (value !== null) return value;
  throw new InvalidArgumentError("it must be a JSON object, by the ids of the questions.");
}
