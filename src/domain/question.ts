// What a tool asks a person, and what a person answers: words alone. The forms are those of MCP's elicitation,
// flat, so that every door (terminal, HTTP, page) can ask each field by itself.

/** One field of a form. */
export type FormField =
  | ({
      readonly type: "string";
      readonly minLength?: number;
      readonly maxLength?: number;
      readonly format?: "email" | "uri" | "date" | "date-time";
    } & FieldWords)
  | ({ readonly type: "string" } & Choices & FieldWords)
  | ({
      readonly type: "number" | "integer";
      readonly minimum?: number;
      readonly maximum?: number;
    } & FieldWords)
  | ({ readonly type: "boolean" } & FieldWords)
  | ({
      readonly type: "array";
      readonly items: Choices;
      readonly minItems?: number;
      readonly maxItems?: number;
    } & FieldWords);

interface FieldWords {
  readonly title?: string;
  readonly description?: string;
  readonly default?: FormValue;
}

export type Choices =
  | { readonly enum: readonly string[]; readonly enumNames?: readonly string[] }
  | { readonly oneOf: readonly Choice[] }
  | { readonly anyOf: readonly Choice[] };

interface Choice {
  readonly const: string;
  readonly title?: string;
}

export interface FormSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, FormField>>;
  readonly required?: readonly string[];
}

export interface Question {
  /** Of the tool's own choosing, and not twice in one round. */
  readonly id: string;
  readonly text: string;
  /** What an answer must hold; null where yes or no is all that is asked. */
  readonly schema: FormSchema | null;
  /** Where the person is to go: shown, and never opened by itself. */
  readonly url?: string;
}

export type FormValue = string | number | boolean | readonly string[];

export type FormContent = Readonly<Record<string, FormValue>>;

/** `decline`: the person said no. `cancel`: nobody said anything in time, or the form was put away. */
export type QuestionAnswer =
  | { readonly action: "accept"; readonly content?: FormContent }
  | { readonly action: "decline" | "cancel" };

/** By the id of the question. */
export type Answers = Readonly<Record<string, QuestionAnswer>>;

export const QUESTIONS_MAX = 8;
export const QUESTION_CHARS_MAX = 4000;
export const RESUME_BYTES_MAX = 16 * 1024;
export const QUESTION_ROUNDS_MAX = 10;
