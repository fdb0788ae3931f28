// A person's answers held against what was asked: by every door before they are sent, and once more by the run
// that takes them. Pure, and hand-written, as workflow code has no room for a schema library.

import { charsIn } from "./chars.ts";
import type {
  Answers,
  ChoiceField,
  Choices,
  FormField,
  FormSchema,
  FormValue,
  ListField,
  NumberField,
  Question,
  TextField,
} from "./question.ts";

/** Null where each question has its answer, and each answer fits. */
export function whyNoAnswer(questions: readonly Question[], answers: Answers): string | null {
  const known = questions.map(({ id }) => id);
  const unknown = Object.keys(answers).find((id) => !known.includes(id));
  if (unknown !== undefined) return `there is no question ${JSON.stringify(unknown.slice(0, 100))}`;
  for (const { id, schema } of questions) {
    const answer = Object.hasOwn(answers, id) ? answers[id] : undefined;
    if (answer === undefined) return `the question ${id} has no answer`;
    if (answer.action !== "accept") continue;
    const problem = whyUnfit(schema, answer.content ?? {});
    if (problem !== null) return `${id}: ${problem}`;
  }
  return null;
}

function whyUnfit(
  schema: FormSchema | null,
  content: Readonly<Record<string, unknown>>,
): string | null {
  const fields: Readonly<Record<string, FormField>> = schema?.properties ?? {};
  const unknown = Object.keys(content).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) return `there is no field ${JSON.stringify(unknown.slice(0, 100))}`;
  for (const [name, field] of Object.entries(fields)) {
    const value = Object.hasOwn(content, name) ? content[name] : undefined;
    const isNeeded = schema?.required?.includes(name) === true;
    const problem =
      value === undefined ? (isNeeded ? "is missing" : null) : whyUnfitValue(field, value);
    if (problem !== null) return `${name} ${problem}`;
  }
  return null;
}

/** As the end of a sentence that begins with the name of the field; null where it fits. */
export function whyUnfitValue(field: FormField, value: unknown): string | null {
  const choices = choicesOf(field);
  switch (field.type) {
    case "boolean":
      return typeof value === "boolean" ? null : "must be true or false";
    case "number":
    case "integer":
      return whyNoNumber(field, value);
    case "array":
      return whyNoList(field, choices ?? [], value);
    case "string":
      if (typeof value !== "string") return "must be a text";
      if (choices !== null) return choices.includes(value) ? null : oneOfThem(choices);
      return isChoice(field) ? null : whyNoText(field, value);
  }
}

/** What may be chosen; null where the field is no choice. */
export function choicesOf(field: FormField): readonly string[] | null {
  if (field.type === "array") return valuesOf(field.items);
  return field.type === "string" && isChoice(field) ? valuesOf(field) : null;
}

function isChoice(field: TextField | ChoiceField): field is ChoiceField {
  return "enum" in field || "oneOf" in field || "anyOf" in field;
}

function valuesOf(choices: Choices): readonly string[] {
  if ("enum" in choices) return choices.enum;
  return ("oneOf" in choices ? choices.oneOf : choices.anyOf).map((choice) => choice.const);
}

/** What a choice is called where people read it. */
export function titlesOf(field: FormField): readonly string[] {
  if (field.type === "array") return namesOf(field.items);
  return field.type === "string" && isChoice(field) ? namesOf(field) : [];
}

function namesOf(choices: Choices): readonly string[] {
  if ("enum" in choices) {
    return choices.enum.map((value, index) => choices.enumNames?.[index] ?? value);
  }
  const listed = "oneOf" in choices ? choices.oneOf : choices.anyOf;
  return listed.map((choice) => choice.title ?? choice.const);
}

function oneOfThem(choices: readonly string[]): string {
  return `must be one of ${choices.slice(0, 20).join(", ")}${choices.length > 20 ? ", …" : ""}`;
}

function whyNoNumber({ type, minimum, maximum }: NumberField, value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return "must be a number";
  if (type === "integer" && !Number.isInteger(value)) return "must be a whole number";
  if (minimum !== undefined && value < minimum) return `must be at least ${minimum}`;
  return maximum !== undefined && value > maximum ? `must be at most ${maximum}` : null;
}

function whyNoList(
  { minItems = 0, maxItems = Infinity }: ListField,
  choices: readonly string[],
  value: unknown,
): string | null {
  if (!Array.isArray(value)) return "must be a list";
  const items: readonly unknown[] = value;
  if (items.some((item) => typeof item !== "string" || !choices.includes(item))) {
    return `takes of each: it ${oneOfThem(choices)}`;
  }
  if (new Set(items).size < items.length) return "names one twice";
  if (items.length < minItems) return `must name at least ${minItems}`;
  return items.length > maxItems ? `must name at most ${maxItems}` : null;
}

function whyNoText(
  { minLength = 0, maxLength = Infinity, format }: TextField,
  value: string,
): string | null {
  const chars = charsIn(value);
  if (chars < minLength) return `must have at least ${minLength} characters`;
  if (chars > maxLength) return `must have at most ${maxLength} characters`;
  if (format === undefined) return null;
  const { what, isOne } = FORMATS[format];
  return isOne(value) ? null : `must be ${what}`;
}

const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Time zones and leap days aside: what no calendar has is no date. */
const FORMATS = {
  email: { what: "an address such as anna@example.org", isOne: isAddress },
  uri: {
    what: "an address such as https://example.org",
    isOne: (text: string) => /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text),
  },
  date: { what: "a date such as 2026-12-31", isOne: isDate },
  "date-time": {
    what: "a moment such as 2026-12-31T20:00:00Z",
    isOne: (text: string) =>
      isDate(MOMENT.exec(text)?.[1] ?? "") && !Number.isNaN(Date.parse(text)),
  },
} as const;

export const FORM_FORMATS = [
  "email",
  "uri",
  "date",
  "date-time",
] as const satisfies readonly (keyof typeof FORMATS)[];

function isAddress(text: string): boolean {
  const at = text.lastIndexOf("@");
  return at > 0 && at < text.length - 1 && !/\s/.test(text);
}

function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

/** The value that a line of text stands for; the text itself where it can't be read as such. */
export function valueFrom(field: FormField, line: string): FormValue {
  const text = line.trim();
  switch (field.type) {
    case "boolean":
      if (/^(y|yes|true)$/i.test(text)) return true;
      return /^(n|no|false)$/i.test(text) ? false : text;
    case "number":
    case "integer":
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    case "array":
      return text === "" ? [] : text.split(",").map((item) => chosen(field, item.trim()));
    case "string":
      return choicesOf(field) === null ? line : chosen(field, text);
  }
}

/** By its value, or by the name under which people read it. */
function chosen(field: FormField, text: string): string {
  const choices = choicesOf(field) ?? [];
  if (choices.includes(text)) return text;
  const named = titlesOf(field).findIndex((title) => title.toLowerCase() === text.toLowerCase());
  return choices[named] ?? text;
}

/** What is to be filled in, in a few words: "a whole number, at least 1". */
export function kindText(field: FormField): string {
  const choices = choicesOf(field);
  switch (field.type) {
    case "boolean":
      return "yes or no";
    case "number":
    case "integer": {
      const { minimum, maximum } = field;
      const what = field.type === "integer" ? "a whole number" : "a number";
      return `${what}${bounds("at least", minimum, "")}${bounds("at most", maximum, "")}`;
    }
    case "array":
      return `any of ${namedChoices(field)}`;
    case "string":
      if (choices !== null) return `one of ${namedChoices(field)}`;
      return isChoice(field) ? "" : textKind(field);
  }
}

function textKind({ format, minLength, maxLength }: TextField): string {
  const what = format === undefined ? "a text" : FORMATS[format].what;
  const chars = " characters";
  return `${what}${bounds("at least", minLength, chars)}${bounds("at most", maxLength, chars)}`;
}

function bounds(how: string, bound: number | undefined, unit: string): string {
  return bound === undefined ? "" : `, ${how} ${bound}${unit}`;
}

const CHOICES_NAMED_MAX = 30;

function namedChoices(field: FormField): string {
  const names = titlesOf(field);
  const more = names.length - CHOICES_NAMED_MAX;
  return `${names.slice(0, CHOICES_NAMED_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
