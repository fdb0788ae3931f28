// What a person says to a run, as a signal brings it: whoever may signal may send anything. The workflow and
// whoever reads its history ask here alike, so what one passes over the other does.

import type { InputFinding } from "../input-rules.ts";
import { MESSAGE_BYTES_MAX, type UserMessage } from "./order.ts";
import {
  fields,
  listOf,
  oneOf,
  optional,
  otherwise,
  parsed,
  saidText,
  text,
  wholeNumber,
  type Parsed,
} from "./parse-value.ts";

export const MESSAGE_ID_CHARS_MAX = 128;
export const NAME_CHARS_MAX = 200;

const RULE_CHARS_MAX = 64;
const FINDINGS_MAX = 50;

const FINDING = fields<InputFinding>({
  rule: text(1, RULE_CHARS_MAX),
  position: wholeNumber(1),
});

const MESSAGE = fields<UserMessage>(
  {
    messageId: text(1, MESSAGE_ID_CHARS_MAX),
    text: saidText(MESSAGE_BYTES_MAX),
    mode: otherwise("queue", oneOf(["queue", "interrupt"])),
    by: otherwise("", text(0, NAME_CHARS_MAX)),
    flagged: optional(listOf(FINDING, FINDINGS_MAX)),
  },
  "ignored",
);

export function messageFrom(given: unknown): Parsed<UserMessage> {
  return parsed(MESSAGE, given, "the message");
}
