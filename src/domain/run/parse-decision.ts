// A person's decision as an update brings it. Whether it counts is another matter (workflows/run/decisions.ts).

import type { Decision } from "../approval.ts";
import { NAME_CHARS_MAX } from "./parse-message.ts";
import {
  fields,
  flag,
  jsonObject,
  oneOf,
  optional,
  parsed,
  text,
  type Parsed,
} from "./parse-value.ts";

export const REASON_CHARS_MAX = 2000;
export const EDIT_BYTES_MAX = 256 * 1024;
const CALL_ID_CHARS_MAX = 256;
const DIGEST_CHARS_MAX = 128;

const DECISION = fields<Decision>({
  callId: text(1, CALL_ID_CHARS_MAX),
  verdict: oneOf(["approve", "deny"]),
  argsDigest: text(1, DIGEST_CHARS_MAX),
  editedInput: optional(jsonObject(EDIT_BYTES_MAX)),
  always: optional(flag),
  by: text(0, NAME_CHARS_MAX),
  reason: optional(text(0, REASON_CHARS_MAX)),
});

export function decisionFrom(given: unknown): Parsed<Decision> {
  return parsed(DECISION, given, "the decision");
}
