// The input of a run, as its start brings it: from the client, from a batch, or from whoever may start workflows.
// What a run goes on with in a fresh history is its own writing, and nobody else may bring it along.

import { ON_FAILURE } from "../effect.ts";
import { byLimit } from "../limit-table.ts";
import type { CallerLimits } from "../limits.ts";
import { PERMISSIONS } from "../permission.ts";
import type { RunInput } from "./carried.ts";
import {
  TASK_BYTES_MAX,
  type BatchShare,
  type CallerPolicy,
  type CanWait,
  type Order,
} from "./order.ts";
import {
  fields,
  listOf,
  nullable,
  oneOf,
  optional,
  parsed,
  saidText,
  text,
  wholeNumber,
  type Parsed,
} from "./parse-value.ts";
import { POLICIES } from "./snapshot.ts";

const NAME_CHARS_MAX = 1000;
const TOOLS_NAMED_MAX = 1000;
const TOOL_NAME_CHARS_MAX = 64;

const toolNames = optional(listOf(text(1, TOOL_NAME_CHARS_MAX), TOOLS_NAMED_MAX));
const microUsd = wholeNumber(0);

const ORDER = fields<Order>({
  task: saidText(TASK_BYTES_MAX),
  agent: text(1, NAME_CHARS_MAX),
  tenant: text(1, NAME_CHARS_MAX),
  session: text(0, NAME_CHARS_MAX),
  traceId: text(0, NAME_CHARS_MAX),
  model: optional(text(1, NAME_CHARS_MAX)),
  tier: optional(oneOf(["simple", "medium", "complex"])),
  routing: optional(oneOf(POLICIES)),
  limits: fields<CallerLimits>({
    costMicroUsd: optional(microUsd),
    ...byLimit(() => optional(wholeNumber(0))),
    wallClockMs: optional(nullable(wholeNumber(0))),
  }),
  onLimit: oneOf(["stop", "pause"]),
  onFailure: optional(oneOf(ON_FAILURE)),
  canWait: optional(fields<CanWait>({ forMs: nullable(wholeNumber(1)) })),
  policy: optional(fields<CallerPolicy>({ ask: toolNames, deny: toolNames })),
  permission: optional(oneOf(PERMISSIONS)),
  batch: optional(
    fields<BatchShare>({ batchId: text(1, NAME_CHARS_MAX), capMicroUsd: nullable(microUsd) }),
  ),
});

/** How a history began: on from another of the run, or as somebody started it. */
export interface Beginning {
  /** Of the history before; empty where there is none. */
  readonly continuedFrom: string;
  /** Each run of a schedule of this kind counts as continued, with an input that somebody else wrote. */
  readonly cronSchedule: string;
}

export function inputFrom(given: unknown, beginning: Beginning): Parsed<RunInput> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the run's own writing
  if (isOwnWriting(beginning)) return { value: given as RunInput };
  return parsed(ORDER, given, "input");
}

export function isOwnWriting({ continuedFrom, cronSchedule }: Beginning): boolean {
  return continuedFrom !== "" && cronSchedule === "";
}
