// A person's answers as an update brings them. Whether they count, and fit what was asked, is another matter
// (workflows/run/hear-answers.ts).

import type { AnswerGiven, FormContent, FormValue, QuestionAnswer } from "../question.ts";
import { CHOICES_MAX, FIELDS_MAX, QUESTIONS_MAX } from "../question.ts";
import { jsonBytesOf } from "../json-size.ts";
import { NAME_CHARS_MAX } from "./parse-message.ts";
import {
  fields,
  listOf,
  oneOf,
  optional,
  parsed,
  recordOf,
  text,
  wholeNumber,
  WrongShape,
  type Parse,
  type Parsed,
} from "./parse-value.ts";

const KEY_CHARS_MAX = 128;
const CALL_ID_CHARS_MAX = 256;
export const ANSWERS_BYTES_MAX = 16 * 1024;

const value: Parse<FormValue> = (given, at) => {
  if (typeof given === "boolean") return given;
  if (typeof given === "number" && Number.isFinite(given)) return given;
  if (Array.isArray(given)) return listOf(text(0, ANSWERS_BYTES_MAX), CHOICES_MAX)(given, at);
  return text(0, ANSWERS_BYTES_MAX)(given, at);
};

interface AnswerFields {
  readonly action: QuestionAnswer["action"];
  readonly content?: FormContent;
}

const ANSWER = fields<AnswerFields>({
  action: oneOf(["accept", "decline", "cancel"]),
  content: optional(recordOf(value, { keyCharsMax: KEY_CHARS_MAX, countMax: FIELDS_MAX })),
});

const answer: Parse<QuestionAnswer> = (given, at) => {
  const { action, content } = ANSWER(given, at);
  if (action === "accept") return content === undefined ? { action } : { action, content };
  if (content === undefined) return { action };
  throw new WrongShape(`${at}.content says something, and the question is not accepted`);
};

const GIVEN = fields<AnswerGiven>({
  callId: text(1, CALL_ID_CHARS_MAX),
  round: wholeNumber(1),
  answers: recordOf(answer, { keyCharsMax: KEY_CHARS_MAX, countMax: QUESTIONS_MAX }),
  by: text(0, NAME_CHARS_MAX),
});

export function answerFrom(given: unknown): Parsed<AnswerGiven> {
  const read = parsed(GIVEN, given, "the answer");
  if ("problem" in read) return read;
  const bytes = jsonBytesOf(read.value.answers);
  return bytes <= ANSWERS_BYTES_MAX
    ? read
    : { problem: `it has ${bytes} bytes; ${ANSWERS_BYTES_MAX} are possible` };
}
