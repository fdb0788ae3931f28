// The input of the workflow that undoes a run which has ended. What is to be undone, and on which terms, is in the
// run's history, and no workflow can read another's: whoever starts it has read it.

import type { Effect } from "../effect.ts";
import type { Outcome } from "../outcome.ts";
import type { ToolSpec } from "../tool.ts";
import type { Timers } from "./snapshot.ts";
import {
  fields,
  jsonObject,
  listOf,
  nullable,
  oneOf,
  optional,
  parsed,
  text,
  wholeNumber,
  type Parse,
  type Parsed,
} from "./parse-value.ts";
import { EDIT_BYTES_MAX } from "./parse-decision.ts";

export interface UndoOrder {
  readonly runId: string;
  readonly tenant: string;
  /** Who asks for it. */
  readonly by: string;
  readonly outcome: Outcome;
  /** All that the run did; those are undone that are due. */
  readonly effects: readonly Effect[];
  readonly tools: readonly Pick<ToolSpec, "name" | "timeoutMs">[];
  readonly timers: Pick<Timers, "heartbeatTimeoutMs" | "retryInitialMs">;
}

const NAME_CHARS_MAX = 1000;
const MESSAGE_CHARS_MAX = 10_000;
const COUNT_MAX = 1000;

const name = text(1, NAME_CHARS_MAX);

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- shown and passed on, nothing is decided by it
const outcome = jsonObject(EDIT_BYTES_MAX) as unknown as Parse<Outcome>;

const undo = fields<{ kind: Effect["undo"]["kind"]; message?: string }>({
  kind: oneOf(["due", "undone", "absent", "failed", "impossible"]),
  message: optional(text(0, MESSAGE_CHARS_MAX)),
});

const ORDER = fields<UndoOrder>({
  runId: name,
  tenant: name,
  by: text(0, NAME_CHARS_MAX),
  outcome,
  effects: listOf(
    fields<Effect>({
      callId: name,
      turn: wholeNumber(0),
      tool: name,
      replyRef: name,
      answerRef: nullable(name),
      editedInput: optional(jsonObject(EDIT_BYTES_MAX)),
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one kind has a message
      undo: undo as Parse<Effect["undo"]>,
    }),
    COUNT_MAX,
  ),
  tools: listOf(fields({ name, timeoutMs: wholeNumber(1) }), COUNT_MAX),
  timers: fields({ heartbeatTimeoutMs: wholeNumber(1), retryInitialMs: wholeNumber(1) }),
});

export function undoFrom(given: unknown): Parsed<UndoOrder> {
  return parsed(ORDER, given, "input");
}
