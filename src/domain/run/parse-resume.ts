// That a person lets a run go on, as a signal or an update brings it. The signal is taken whatever lies in it: it
// says all that it must by its name. More money is asked for by the update, which is refused or told what it did.

import { NAME_CHARS_MAX } from "./parse-message.ts";
import { fields, otherwise, parsed, text, wholeNumber, type Parsed } from "./parse-value.ts";

export interface Resume {
  readonly by: string;
}

export interface Raise extends Resume {
  readonly addMicroUsd: number;
}

/** A million dollars: past that somebody mistook the unit. */
export const ADD_MICRO_USD_MAX = 1_000_000_000_000;

const by = otherwise("", text(0, NAME_CHARS_MAX));
const RESUME = fields<Resume>({ by }, "ignored");
const RAISE = fields<Raise>({ by, addMicroUsd: wholeNumber(1, ADD_MICRO_USD_MAX) });

export function resumedBy(given: unknown): string {
  const resume = parsed(RESUME, given, "the word");
  return "value" in resume ? resume.value.by : "";
}

export function raiseFrom(given: unknown): Parsed<Raise> {
  return parsed(RAISE, given, "the request");
}
