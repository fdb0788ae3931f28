// What a tool asks, as it comes from the tool: its author, or a server that Pawl knows nothing of. Only what every
// door can show and check is let through; the rest of JSON Schema is left out.

import { charsIn } from "../chars.ts";
import { FORM_FORMATS } from "../form.ts";
import { jsonBytesOf } from "../json-size.ts";
import {
  CHOICES_MAX,
  FIELDS_MAX,
  QUESTION_CHARS_MAX,
  QUESTIONS_MAX,
  RESUME_BYTES_MAX,
  type Choice,
  type Choices,
  type FlagField,
  type FormField,
  type FormSchema,
  type ListField,
  type NumberField,
  type Question,
  type TextField,
} from "../question.ts";
import {
  anyNumber,
  fields,
  flag,
  listOf,
  nullable,
  oneOf,
  optional,
  parsed,
  record,
  recordOf,
  saidText,
  text,
  wholeNumber,
  WrongShape,
  type Parse,
  type Parsed,
} from "./parse-value.ts";

const NAME_CHARS_MAX = 128;
const URL_CHARS_MAX = 2000;
const WORDS_CHARS_MAX = 1000;
/** Of one round, so that a dozen calls may ask at once (workflows/run/answer-calls.ts). */
export const QUESTIONS_BYTES_MAX = 96 * 1024;

const words = text(0, WORDS_CHARS_MAX);
const shown = { title: optional(words), description: optional(words) };
const texts = listOf(words, CHOICES_MAX);
const count = optional(wholeNumber(0));

const choice = fields<Choice>({ const: words, title: optional(words) }, "ignored");
const CHOICES: Readonly<Record<"enum" | "oneOf" | "anyOf", Parse<Choices>>> = {
  enum: fields<Extract<Choices, { enum: readonly string[] }>>(
    { enum: texts, enumNames: optional(texts) },
    "ignored",
  ),
  oneOf: fields<Extract<Choices, { oneOf: readonly Choice[] }>>(
    { oneOf: listOf(choice, CHOICES_MAX) },
    "ignored",
  ),
  anyOf: fields<Extract<Choices, { anyOf: readonly Choice[] }>>(
    { anyOf: listOf(choice, CHOICES_MAX) },
    "ignored",
  ),
};

/** Null where nothing is listed. */
function choicesIn(given: unknown, at: string): Choices | null {
  const raw = record(given, at);
  for (const way of ["enum", "oneOf", "anyOf"] as const) {
    if (raw[way] !== undefined) return CHOICES[way](given, at);
  }
  return null;
}

const listed: Parse<Choices> = (given, at) => {
  const choices = choicesIn(given, at);
  if (choices === null) throw new WrongShape(`${at} must list what may be chosen`);
  return choices;
};

/** Formats that we can't check are the tool's own affair. */
const format: Parse<TextField["format"] | undefined> = (given) =>
  FORM_FORMATS.find((known) => known === given);

const NUMBER = fields<NumberField>(
  {
    ...shown,
    type: oneOf(["number", "integer"]),
    minimum: optional(anyNumber),
    maximum: optional(anyNumber),
    default: optional(anyNumber),
  },
  "ignored",
);
const FLAG = fields<FlagField>(
  { ...shown, type: oneOf(["boolean"]), default: optional(flag) },
  "ignored",
);
const LIST = fields<ListField>(
  {
    ...shown,
    type: oneOf(["array"]),
    items: listed,
    minItems: count,
    maxItems: count,
    default: optional(texts),
  },
  "ignored",
);
const TEXT = fields<TextField>(
  {
    ...shown,
    type: oneOf(["string"]),
    minLength: count,
    maxLength: count,
    format,
    default: optional(words),
  },
  "ignored",
);

const field: Parse<FormField> = (given, at) => {
  const { type } = fields<{ readonly type: FormField["type"] }>(
    { type: oneOf(["string", "number", "integer", "boolean", "array"]) },
    "ignored",
  )(given, at);
  if (type === "boolean") return FLAG(given, at);
  if (type === "array") return LIST(given, at);
  if (type !== "string") return NUMBER(given, at);
  const choices = choicesIn(given, at);
  if (choices === null) return TEXT(given, at);
  const { title, description, default: byDefault } = TEXT(given, at);
  return {
    type,
    ...choices,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(byDefault !== undefined && { default: byDefault }),
  };
};

const form: Parse<FormSchema> = (given, at) => {
  const schema = fields<FormSchema>(
    {
      type: oneOf(["object"]),
      properties: recordOf(field, { keyCharsMax: NAME_CHARS_MAX, countMax: FIELDS_MAX }),
      required: optional(listOf(text(1, NAME_CHARS_MAX), FIELDS_MAX)),
    },
    "ignored",
  )(given, at);
  const unknown = schema.required?.find((name) => !Object.hasOwn(schema.properties, name));
  if (unknown === undefined) return schema;
  throw new WrongShape(`${at}.required names a field that is not there: ${unknown}`);
};

/** Other kinds of address could make a viewer do something. */
const url: Parse<string> = (given, at) => {
  const address = text(1, URL_CHARS_MAX)(given, at);
  if (/^https?:\/\/[^\s]+$/i.test(address)) return address;
  throw new WrongShape(`${at} must begin with https:// or http://`);
};

const QUESTION = fields<Question>({
  id: text(1, NAME_CHARS_MAX),
  text: saidText(4 * QUESTION_CHARS_MAX),
  schema: nullable(form),
  url: optional(url),
});

interface Asked {
  readonly questions: readonly Question[];
  readonly resume: string | null;
}

const ASKED = fields<Asked>(
  {
    questions: listOf(QUESTION, QUESTIONS_MAX),
    resume: nullable(text(0, RESUME_BYTES_MAX)),
  },
  "ignored",
);

/** What can be asked; or what is wrong with it, for the model and for the tool's author. */
export function questionsFrom(given: unknown): Parsed<Asked> {
  const asked = parsed(ASKED, given, "what it asks");
  if ("problem" in asked) return asked;
  const { questions, resume } = asked.value;
  const ids = questions.map(({ id }) => id);
  if (ids.length === 0) return { problem: "it asks nothing" };
  if (new Set(ids).size < ids.length) return { problem: "two questions have one id" };
  if (questions.some(({ text: said }) => charsIn(said) > QUESTION_CHARS_MAX)) {
    return { problem: `a question has more than ${QUESTION_CHARS_MAX} characters` };
  }
  if (jsonBytesOf(questions) > QUESTIONS_BYTES_MAX) {
    return { problem: `the questions have more than ${QUESTIONS_BYTES_MAX} bytes` };
  }
  if (resume !== null && jsonBytesOf(resume) > 2 * RESUME_BYTES_MAX) {
    return { problem: `resume has more than ${RESUME_BYTES_MAX} bytes` };
  }
  return asked;
}
