// What a server asks of a person (`input_required`, 2026-07-28), in the words in which any tool asks, and the answers
// back in the server's. Which question was which, and the server's own state, travel in between as one opaque text.

import type { InputRequiredResult, InputResponses } from "@modelcontextprotocol/client";
import {
  QUESTION_CHARS_MAX,
  QUESTIONS_MAX,
  RESUME_BYTES_MAX,
  type Answers,
  type FormField,
  type FormSchema,
  type Question,
} from "../domain/question.ts";
import { isRecord } from "./read-server.ts";

export type Asked =
  | { readonly kind: "asks"; readonly questions: readonly Question[]; readonly resume: string }
  /** It wants to be called again, and nobody to be asked. */
  | { readonly kind: "again"; readonly state: string | undefined }
  | { readonly kind: "impossible"; readonly why: string };

const FIELDS_MAX = 32;

export function askedBy(server: string, result: InputRequiredResult): Asked {
  const { requestState, inputRequests = {} } = result;
  const requests = Object.entries(inputRequests);
  if (requests.length === 0) return { kind: "again", state: requestState };
  if (requests.length > QUESTIONS_MAX)
    return impossible(`asks ${requests.length} questions at once; ${QUESTIONS_MAX} are possible`);
  const questions: Question[] = [];
  for (const [index, [, request]] of requests.entries()) {
    const question = questionOf(server, `q${index + 1}`, request);
    if (typeof question === "string") return impossible(question);
    questions.push(question);
  }
  const keys = requests.map(([key]) => key);
  const resume = JSON.stringify({ keys, state: requestState });
  if (Buffer.byteLength(resume) > RESUME_BYTES_MAX)
    return impossible(`wants more than ${RESUME_BYTES_MAX} bytes kept until the answer is there`);
  return { kind: "asks", questions, resume };
}

function impossible(why: string): Asked {
  return { kind: "impossible", why };
}

/** A text says why it can't be asked. */
function questionOf(server: string, id: string, request: unknown): Question | string {
  const { method, params } = isRecord(request) ? request : {};
  if (method !== "elicitation/create")
    return `asks for ${String(method)}, which Pawl does not offer to servers`;
  if (!isRecord(params)) return "asks nothing";
  const said = typeof params["message"] === "string" ? params["message"] : "";
  const whole = `${server} asks: ${said}`;
  const text =
    whole.length > QUESTION_CHARS_MAX ? `${whole.slice(0, QUESTION_CHARS_MAX - 1)}…` : whole;
  if (params["mode"] === "url") {
    const url = String(params["url"]);
    const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
    return isWeb ? { id, text, schema: null, url } : "sends a person to what is no web page";
  }
  const schema = formOf(params["requestedSchema"]);
  return schema === null ? "asks with a form that can't be shown" : { id, text, schema };
}

/** Only what a flat form has; null of anything else. */
export function formOf(schema: unknown): FormSchema | null {
  if (!isRecord(schema) || schema["type"] !== "object" || !isRecord(schema["properties"]))
    return null;
  const fields = Object.entries(schema["properties"]);
  if (fields.length > FIELDS_MAX) return null;
  const properties: Record<string, FormField> = {};
  for (const [name, said] of fields) {
    const field = fieldOf(said);
    if (field === null) return null;
    properties[name] = field;
  }
  const { required } = schema;
  const names = Array.isArray(required) ? required.map(String) : [];
  return { type: "object", properties, required: names.filter((name) => name in properties) };
}

/** By its type: the words that such a field may have. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "format", "enum", "enumNames", "oneOf"],
  number: ["minimum", "maximum"],
  integer: ["minimum", "maximum"],
  boolean: [],
  array: ["items", "minItems", "maxItems"],
};

function fieldOf(said: unknown): FormField | null {
  if (!isRecord(said)) return null;
  const type = String(said["type"]);
  const words = Object.hasOwn(WORDS, type) ? WORDS[type] : undefined;
  if (words === undefined) return null;
  if (type === "array" && !isChoices(said["items"])) return null;
  const known = ["type", "title", "description", "default", ...words];
  const field = Object.fromEntries(Object.entries(said).filter(([word]) => known.includes(word)));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the client's codec has parsed it; only words were left out
  return field as unknown as FormField;
}

function isChoices(items: unknown): boolean {
  return isRecord(items) && ["enum", "anyOf", "oneOf"].some((word) => Array.isArray(items[word]));
}

export interface Resumed {
  readonly responses: InputResponses;
  readonly state: string | undefined;
}

/** Null of what is none of ours. Who was not answered is told that the person put the form away. */
export function resumedWith(resume: string, answers: Answers): Resumed | null {
  let kept: unknown;
  try {
    kept = JSON.parse(resume);
  } catch {
    return null;
  }
  if (!isRecord(kept) || !Array.isArray(kept["keys"])) return null;
  const { keys, state } = kept;
  const responses = keys.map((key: unknown, index: number): [string, InputResponses[string]] => {
    const answer = answers[`q${index + 1}`] ?? { action: "cancel" };
    if (answer.action !== "accept") return [String(key), { action: answer.action }];
    const content = answer.content ?? {};
    const own = Object.entries(content).map(
      ([name, value]): [string, string | number | boolean | string[]] => [
        name,
        typeof value === "object" ? [...value] : value,
      ],
    );
    return [String(key), { action: "accept", content: Object.fromEntries(own) }];
  });
  return {
    responses: Object.fromEntries(responses),
    state: typeof state === "string" ? state : undefined,
  };
}
