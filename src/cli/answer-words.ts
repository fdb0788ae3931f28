// What tools ask a person, as a terminal shows it, and what a line means that they answer. Pure.

import { kindText, valueFrom, whyNoAnswer } from "../domain/form.ts";
import type { Answers, FormField, Question } from "../domain/question.ts";
import { shownArguments } from "../domain/shown-arguments.ts";
import { shownLine } from "../domain/shown-text.ts";

const INDENT = "    ";
const WORDS_CHARS = 300;

/** All that is answered: what a tool wrote stands behind a margin, or spelled out on a line of ours. */
export function questionLines(questions: readonly Question[], columns = 0): readonly string[] {
  const width = columns > 0 ? columns - INDENT.length : undefined;
  return questions.flatMap(({ id, text, url, schema }) => {
    const said = { [id]: text, ...(url !== undefined && { "to go to": url }) };
    const lines = shownArguments("", said, width);
    const fields = Object.entries(schema?.properties ?? {}).map(
      ([name, field]) => `  ${fieldText(name, field, schema?.required?.includes(name) === true)}`,
    );
    return [...lines, ...fields].map((line) => INDENT + line);
  });
}

export function fieldText(name: string, field: FormField, isNeeded: boolean): string {
  const { title, description, default: byDefault } = field;
  const words = [title, description].flatMap((said) =>
    said === undefined ? [] : [shownLine(said, WORDS_CHARS)],
  );
  const usual = byDefault === undefined ? [] : [`else ${shownLine(String(byDefault))}`];
  const need = isNeeded || byDefault !== undefined ? [] : ["may be left out"];
  const about = [shownLine(kindText(field), WORDS_CHARS), ...usual, ...need, ...words];
  return `${shownLine(name)}: ${about.join(" · ")}`;
}

export function declined(questions: readonly Question[]): Answers {
  return Object.fromEntries(questions.map(({ id }) => [id, { action: "decline" } as const]));
}

/** One word or value where one thing is asked, else JSON: of one question its fields, of several by their ids. */
export function answersFrom(
  questions: readonly Question[],
  line: string,
): { readonly answers: Answers } | { readonly problem: string } {
  const [only, ...more] = questions;
  if (only === undefined) return { problem: "Nothing is asked." };
  const answers = more.length === 0 ? answerTo(only, line) : answersByJson(questions, line);
  if (answers === null) return { problem: howTo(questions) };
  const problem = whyNoAnswer(questions, answers);
  return problem === null
    ? { answers }
    : { problem: `That does not fit: ${shownLine(problem, 400)}` };
}

function answerTo({ id, schema }: Question, line: string): Answers | null {
  if (schema === null) {
    const said = valueFrom({ type: "boolean" }, line);
    return typeof said === "boolean" ? { [id]: { action: said ? "accept" : "decline" } } : null;
  }
  const fields = Object.entries(schema.properties);
  const [only] = fields;
  const content = objectIn(line);
  if (content !== null) return { [id]: { action: "accept", content } };
  if (only === undefined || fields.length > 1) return null;
  const [name, field] = only;
  return { [id]: { action: "accept", content: { [name]: valueFrom(field, line) } } };
}

function answersByJson(questions: readonly Question[], line: string): Answers | null {
  const byId = objectIn(line);
  if (byId === null) return null;
  return Object.fromEntries(
    Object.entries(byId).map(([id, said]) => {
      const question = questions.find((asked) => asked.id === id);
      if (question?.schema === null && said === false) return [id, { action: "decline" }];
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whyNoAnswer looks at it
      const content = (isObject(said) ? said : {}) as Readonly<Record<string, string>>;
      return [id, { action: "accept", content }];
    }),
  );
}

function howTo([only, ...more]: readonly Question[]): string {
  if (more.length > 0) return "Several questions: pawl answer asks one after the other.";
  return only?.schema === null
    ? "Say yes or no."
    : 'Say it as a JSON object, such as {"name": "Anna"}; pawl answer asks field by field.';
}

export function objectIn(json: string): Readonly<Record<string, never>> | null {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, never>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
