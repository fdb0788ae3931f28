// The lines of `--json`, as the contract has them: every field, its kind, and no other.

import { z } from "zod";

const usd = z.number().nonnegative();
const count = z.int().nonnegative();
const base = { id: z.string().min(3), runId: z.string().startsWith("run_"), ts: z.iso.datetime() };
const nextAttemptAt = z.iso.datetime().nullable();

const limit = z.enum([
  "cost",
  "batch",
  "session",
  "tenant_day",
  "tenant_month",
  "global_day",
  "tokens",
  "model_calls",
  "tool_calls",
  "wall_clock",
  "request_tokens",
  "reply_tokens",
  "provider_spend",
]);

const message = z.string();
const outcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("answered") }),
  z.strictObject({ kind: z.literal("stopped"), limit, message }),
  z.strictObject({ kind: z.literal("refused"), category: z.string().optional(), message }),
  z.strictObject({ kind: z.literal("cancelled"), message }),
  z.strictObject({ kind: z.literal("failed"), code: z.string(), message }),
]);

const figures = {
  type: z.literal("result"),
  runId: base.runId,
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  answer: z.string().nullable(),
  partial: z.boolean(),
  usage: z.strictObject({
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    totalTokens: count,
    estimated: z.literal(true).optional(),
  }),
  costUsd: usd,
  crashTaxUsd: usd,
  modelCalls: count,
  modelAttempts: count,
  toolCalls: count,
  toolCallsRefused: count.positive().optional(),
  serverToolCalls: count,
  turns: count,
  durationMs: z.number().nonnegative(),
  models: z.record(z.string(), count),
  offline: z.boolean(),
  free: z.literal(true).optional(),
  flagged: z.array(z.string()).optional(),
};

export const resultLine = z.strictObject({ ...figures, outcome });

/** `pawl show --json` of a run that is open. */
export const openRunLine = z.strictObject({
  ...figures,
  heldUsd: usd,
  fearedUsd: usd,
  status: z.enum(["running", "waiting", "paused"]),
  waiting: z.strictObject({ reason: z.string(), message, nextAttemptAt }).optional(),
});

export const errorLine = z.strictObject({
  type: z.literal("error"),
  code: z.string(),
  message: z.string().min(1),
});

const turn = z.int().positive();
const attempt = z.int().positive();
const call = { turn, callId: z.string(), tool: z.string() };
const failedAttempt = { attempt, code: z.string(), message, nextAttemptAt };

const event = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...base, ...shape });

export const eventLine = z.discriminatedUnion("type", [
  event("run.started", {
    task: z.string(),
    agent: z.string(),
    tenant: z.string(),
    session: z.string(),
    traceId: figures.traceId,
    link: z.url().nullable(),
  }),
  event("input.flagged", {
    rule: z.string(),
    position: count.positive(),
    messageId: z.string().optional(),
  }),
  event("turn.started", {
    turn,
    model: z.string(),
    spentUsd: usd,
    capUsd: usd,
    offline: z.boolean(),
    free: z.literal(true).optional(),
  }),
  event("model.retrying", { turn, ...failedAttempt }),
  event("reply.delta", { turn, attempt, text: z.string().min(1) }),
  event("reply.progress", { turn, attempt, tool: z.string(), chars: count }),
  event("reply.withdrawn", { turn, attempt }),
  event("reply.finished", {
    turn,
    attempt,
    model: z.string(),
    offline: z.boolean(),
    free: z.literal(true).optional(),
    lane: z.literal("batch").optional(),
    stopReason: z.string(),
    text: z.string(),
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    estimated: z.enum(["stopped", "uncounted", "implausible"]).optional(),
    costUsd: usd,
    crashTaxUsd: usd,
    spentUsd: usd,
    capUsd: usd,
  }),
  event("tool.started", { ...call, preview: z.string() }),
  event("tool.retrying", { ...call, ...failedAttempt }),
  event("tool.finished", {
    ...call,
    isError: z.boolean(),
    preview: z.string(),
    durationMs: z.number().nonnegative(),
  }),
  event("budget.warning", { limit, used: z.number(), cap: z.number() }),
  event("limit.lowered", { limit, asked: z.number(), allowed: z.number() }),
  event("usage.estimated", { turn, reason: z.enum(["uncounted", "implausible"]) }),
  event("run.waiting", { reason: z.string(), message, nextAttemptAt }),
  event("run.resumed", { by: z.string(), addedUsd: usd, capUsd: usd }),
  event("run.continued", { reason: z.enum(["resumed", "new_history", "reset"]) }),
  event("run.ended", { result: resultLine }),
]);

export type EventLine = z.infer<typeof eventLine>;
export type ResultLine = z.infer<typeof resultLine>;

/** What `--json` printed for a run that has ended. Throws where a line is not the contract's. */
export function readRunLines(stdout: string): { events: EventLine[]; result: ResultLine } {
  const lines = stdout.split("\n");
  if (lines.pop() !== "") throw new Error("the last line has no end");
  const last = lines.pop() ?? "";
  const events = lines.map((line) => eventLine.parse(JSON.parse(line)));
  return { events, result: resultLine.parse(JSON.parse(last)) };
}
