// Every limit in whole numbers, a row each: what it is called in an outcome and in an event, by which variable the
// operator sets it, and by which name a caller may lower it. Environment, orders, flags, checks, warnings and what
// is shown of a run are derived from here; how much of one was used is counted in run/counts.ts.

interface Row {
  /** In `Limits`, and of a `run` limit in `Used` too. */
  readonly field: string;
  readonly limit: string;
  /** What a `run` limit counts, as people read it. */
  readonly what?: string;
  /** `run`: used up over all calls; checked before each, warned of, and there is one share more when a person lets
   * the run go on. `call`: a bound of each call. */
  readonly of: "run" | "call";
  readonly variable: string;
  readonly standard: number;
  /** A field of `limits` in JSON, and the flag of `pawl run`: `--max-tokens`. Null: the operator's alone. */
  readonly asked: { readonly key: `max${string}`; readonly means: string } | null;
}

export const LIMIT_TABLE = [
  {
    field: "tokens",
    limit: "tokens",
    what: "tokens",
    of: "run",
    variable: "PAWL_AGENT_MAX_TOKENS",
    standard: 200_000,
    asked: { key: "maxTokens", means: "tokens of the whole run" },
  },
  {
    field: "modelCalls",
    limit: "model_calls",
    what: "model calls",
    of: "run",
    variable: "PAWL_AGENT_MAX_CALLS",
    standard: 50,
    asked: { key: "maxCalls", means: "model calls of the run" },
  },
  {
    field: "toolCalls",
    limit: "tool_calls",
    what: "tool calls",
    of: "run",
    variable: "PAWL_AGENT_MAX_TOOL_CALLS",
    standard: 200,
    asked: null,
  },
  {
    // Input and output of one call.
    field: "requestTokens",
    limit: "request_tokens",
    of: "call",
    variable: "PAWL_AGENT_MAX_REQUEST_TOKENS",
    standard: 50_000,
    asked: null,
  },
  {
    // `max_tokens` of one call. It decides what a lost attempt costs.
    field: "replyTokens",
    limit: "reply_tokens",
    of: "call",
    variable: "PAWL_AGENT_MAX_REPLY_TOKENS",
    standard: 4096,
    asked: { key: "maxReplyTokens", means: "tokens of one reply" },
  },
] as const satisfies readonly Row[];

type LimitRow = (typeof LIMIT_TABLE)[number];
export type CountLimit = LimitRow["limit"];
export type LimitField = LimitRow["field"];
export type RunLimitRow = Extract<LimitRow, { readonly of: "run" }>;
export type AskedKey = NonNullable<LimitRow["asked"]>["key"];

export const RUN_LIMITS = LIMIT_TABLE.filter((row) => row.of === "run");

/** Those that a caller may lower. */
export const ASKED_LIMITS = LIMIT_TABLE.flatMap(({ field, asked }) =>
  asked === null ? [] : [{ field, ...asked }],
);

export function byLimit<Value>(valueOf: (row: LimitRow) => Value): Record<LimitField, Value> {
  const entries = LIMIT_TABLE.map((row) => [row.field, valueOf(row)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has each field
  return Object.fromEntries(entries) as Record<LimitField, Value>;
}
