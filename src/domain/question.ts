// What a tool asks a person, and what a person answers: words alone. The forms are those of MCP's elicitation,
// flat, so that every door (terminal, HTTP, page) can ask each field by itself.

export interface TextField extends FieldWords<string> {
  readonly type: "string";
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: "email" | "uri" | "date" | "date-time";
}

export type ChoiceField = FieldWords<string> & { readonly type: "string" } & Choices;

export interface NumberField extends FieldWords<number> {
  readonly type: "number" | "integer";
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface FlagField extends FieldWords<boolean> {
  readonly type: "boolean";
}

export interface ListField extends FieldWords<readonly string[]> {
  readonly type: "array";
  readonly items: Choices;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** One field of a form. */
export type FormField = TextField | ChoiceField | NumberField | FlagField | ListField;

interface FieldWords<Value> {
  readonly title?: string;
  readonly description?: string;
  readonly default?: Value;
}

export type Choices =
  | { readonly enum: readonly string[]; readonly enumNames?: readonly string[] }
  | { readonly oneOf: readonly Choice[] }
  | { readonly anyOf: readonly Choice[] };

export interface Choice {
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

/** What a call that asks is executed again with. */
export interface Heard {
  /** From 1. */
  readonly round: number;
  readonly answers: Answers;
  readonly resume: string | null;
}

/** A call whose questions wait for a person. An answer is bound to the call and the round. */
export interface PendingQuestions {
  readonly callId: string;
  readonly tool: string;
  readonly turn: number;
  readonly round: number;
  /** The beginning of the first, for lists. */
  readonly preview: string;
  /** ISO 8601. */
  readonly requestedAt: string;
  /** ISO 8601. Silence until then is `cancel`. */
  readonly deadlineAt: string;
}

/** What a run says of them while it is under way. */
export interface QuestionsNow {
  readonly waiting: readonly PendingQuestions[];
  /** Those that nobody answered in time. */
  readonly silent: readonly Pick<PendingQuestions, "callId" | "round">[];
}

/** With the run that asks: for an inbox of all runs. */
export interface QuestionsWaiting extends PendingQuestions {
  readonly runId: string;
  readonly tenant: string;
  readonly agent: string;
  /** The beginning of it. */
  readonly task: string;
}

/** What a person must see before answering. */
export interface QuestionsShown extends QuestionsWaiting {
  readonly questions: readonly Question[];
}

/** What a person says; accepted once, and only for the round that it names. */
export interface AnswerGiven {
  readonly callId: string;
  readonly round: number;
  readonly answers: Answers;
  /** Who answers: the name of the API key or of the user. */
  readonly by: string;
}

export interface AnswerTaken {
  readonly callId: string;
  readonly tool: string;
  readonly turn: number;
  readonly round: number;
  readonly by: string;
  /** By the id of the question; what was said goes to the tool alone. */
  readonly actions: Readonly<Record<string, QuestionAnswer["action"]>>;
  readonly answeredAt: string;
}

export const QUESTIONS_MAX = 8;
export const QUESTION_CHARS_MAX = 4000;
export const RESUME_BYTES_MAX = 16 * 1024;
export const QUESTION_ROUNDS_MAX = 10;

const PREVIEW_CHARS = 200;

export function previewOf([first]: readonly Question[]): string {
  const line = (first?.text ?? "").replaceAll(/\s+/g, " ").trim();
  if (line.length <= PREVIEW_CHARS) return line;
  return `${line.slice(0, PREVIEW_CHARS - 1).toWellFormed()}…`;
}

export function actionsIn(answers: Answers): AnswerTaken["actions"] {
  return Object.fromEntries(Object.entries(answers).map(([id, { action }]) => [id, action]));
}

/** What silence says. */
export function silenceOn(questions: readonly Question[]): Answers {
  return Object.fromEntries(questions.map(({ id }) => [id, { action: "cancel" } as const]));
}

/** Of one form, and of one choice in it: a person reads them all. */
export const FIELDS_MAX = 32;
export const CHOICES_MAX = 200;
