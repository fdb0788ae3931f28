// Questions of a `defineTool` tool: asked before its `execute`, which so never begins while one is open. Each id is
// asked once; what earlier rounds brought is kept in `resume`, for `questions` to read and for `execute`.

import { z } from "zod";
import { QUESTIONS_MAX, type Answers, type Question } from "../../src/domain/question.ts";
import type { ToolContext } from "./tool-context.ts";
import { failureText, type ToolOutput } from "./tool-output.ts";
import type { ToolAsks } from "./tool-questions.ts";

export interface ToolQuestion {
  readonly text: string;
  /** What is to be filled in: texts, numbers, yes or no, choices. Without it, yes or no is all that is asked. */
  readonly form?: z.ZodObject;
  /** `execute` is called also where the person declines, or says nothing in time. */
  readonly optional?: boolean;
  /** Where the person is to go; shown to them, and opened by nobody else. */
  readonly url?: string;
}

/** By an id of your own choosing. */
export type ToolQuestions = Readonly<Record<string, ToolQuestion>>;

interface Asking {
  readonly name: string;
  /** What there is to ask, with what was answered so far. */
  readonly questions: (context: ToolContext) => ToolQuestions | Promise<ToolQuestions>;
}

/** Where nothing is open: all that was answered. */
export type Asked = ToolAsks | ToolOutput | { readonly answers: Answers };

export async function askBefore({ name, questions }: Asking, context: ToolContext): Promise<Asked> {
  const answers = { ...answersIn(context.resume), ...context.answers };
  const all = Object.entries(await questions({ ...context, answers }));
  const refused = all.find(([id, { optional }]) => isRefused(answers, id) && optional !== true);
  if (refused !== undefined) return notAllowed(name, refused[0], answers);
  const open = all.flatMap(([id, question]) => openQuestion(id, question, answers));
  if (open.length === 0) return { answers };
  return { kind: "asks", questions: open.slice(0, QUESTIONS_MAX), resume: JSON.stringify(answers) };
}

/** Our own writing, of the execution before. */
function answersIn(resume: string | null): Answers {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as `askBefore` wrote it
  return resume === null ? {} : (JSON.parse(resume) as Answers);
}

function answerTo(answers: Answers, id: string): Answers[string] | undefined {
  return Object.hasOwn(answers, id) ? answers[id] : undefined;
}

function isRefused(answers: Answers, id: string): boolean {
  const answer = answerTo(answers, id);
  return answer !== undefined && answer.action !== "accept";
}

function openQuestion(
  id: string,
  { text, form, url }: ToolQuestion,
  answers: Answers,
): readonly Question[] {
  const answer = answerTo(answers, id);
  const again = answer?.action === "accept" ? whyAgain(form, answer.content) : "";
  if (answer !== undefined && again === "") return [];
  const schema = form === undefined ? null : formOf(form);
  return [{ id, text: text + again, schema, ...(url !== undefined && { url }) }];
}

/** A form may want more than JSON Schema can say, and what it says no door could check. */
function whyAgain(form: z.ZodObject | undefined, content: unknown): string {
  const read = form?.safeParse(content ?? {});
  if (read === undefined || read.success) return "";
  const problems = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  return `\n(What was answered before does not fit: ${problems.slice(0, 5).join("; ")})`;
}

/** Held to what can be asked where every question is (src/domain/run/parse-questions.ts). */
function formOf(form: z.ZodObject): Question["schema"] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return z.toJSONSchema(form, { io: "input" }) as unknown as Question["schema"];
}

function notAllowed(name: string, id: string, answers: Answers): ToolOutput {
  const how = answerTo(answers, id)?.action === "decline" ? "declined" : "did not answer";
  return failureText(
    `The person who was asked "${id}" ${how}; ${name} did nothing.`,
    "Don't call it again for the same. Go on without it, and say what was not done.",
    "none",
  );
}
