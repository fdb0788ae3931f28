// The words of the HTTP interface that several routes share.

import { z } from "@hono/zod-openapi";

/** What can stand in a run's id, a session, an agent, a model: nothing that a query language reads. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@-]*$/;
const NAMED = "must be of letters, digits and . _ : @ -, and begin with a letter or digit";

export const name = (charsMax: number) => z.string().max(charsMax).regex(NAME, NAMED);

export const RUN_PATH = z.strictObject({
  runId: name(128).openapi({ param: { name: "runId", in: "path" }, example: "run_0199…" }),
});

export const STATUSES = ["running", "waiting", "paused", "ended"] as const;
export const OUTCOMES = ["answered", "stopped", "refused", "cancelled", "failed"] as const;

export const STATUS = z.enum(STATUSES);

export const WAITING = z
  .strictObject({
    reason: z.enum(["approval", "question", "capacity", "budget", "provider", "batch", "worker"]),
    message: z.string(),
    nextAttemptAt: z.string().nullable(),
  })
  .openapi("Waiting");

export const OUTCOME = z
  .object({
    kind: z.enum(OUTCOMES),
    limit: z.string().optional(),
    code: z.string().optional(),
    category: z.string().optional(),
    message: z.string().optional(),
  })
  .openapi("Outcome");

const USAGE = z
  .strictObject({
    inputTokens: z.number(),
    outputTokens: z.number(),
    cacheReadTokens: z.number(),
    cacheWriteTokens: z.number(),
    totalTokens: z.number(),
    estimated: z.literal(true).optional(),
  })
  .openapi("Usage");

export const COMPENSATION = z
  .strictObject({
    callId: z.string(),
    tool: z.string(),
    undo: z.enum(["undone", "absent", "failed", "impossible", "kept"]),
    isUnsure: z.literal(true).optional(),
    message: z.string().optional(),
  })
  .openapi("Compensation");

/** What a run has come to so far. */
export const FIGURES = {
  runId: z.string(),
  traceId: z.string(),
  answer: z.string().nullable(),
  partial: z.boolean(),
  usage: USAGE,
  costUsd: z.number(),
  crashTaxUsd: z.number(),
  modelCalls: z.number(),
  modelAttempts: z.number(),
  toolCalls: z.number(),
  toolCallsRefused: z.number().optional(),
  serverToolCalls: z.number(),
  turns: z.number(),
  durationMs: z.number(),
  models: z.record(z.string(), z.number()),
  offline: z.boolean(),
  free: z.literal(true).optional(),
  flagged: z.array(z.string()).readonly().optional(),
  compensations: z.array(COMPENSATION).readonly().optional(),
  effectsForgotten: z.number().optional(),
};

export const RESULT = z
  .looseObject({ type: z.literal("result"), outcome: OUTCOME, ...FIGURES })
  .openapi("RunResult");

/** A whole number in a query, where all is text. */
export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .openapi({ type: "integer", minimum: min, maximum: max });

export const PENDING = {
  callId: z.string(),
  tool: z.string(),
  turn: z.number(),
  preview: z.string(),
  argsDigest: z.string(),
  reason: z.string(),
  requestedAt: z.string(),
  deadlineAt: z.string(),
};

export const ASKING = {
  callId: z.string(),
  tool: z.string(),
  turn: z.number(),
  round: z.number(),
  preview: z.string(),
  requestedAt: z.string(),
  deadlineAt: z.string(),
};

export const PENDING_QUESTIONS = z.object(ASKING).openapi("PendingQuestions");

/** Whose call it is. */
export const OF_RUN = {
  runId: z.string(),
  tenant: z.string(),
  agent: z.string(),
  task: z.string(),
};

export const CALL_PATH = RUN_PATH.extend({
  callId: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,128}$/, "must be the id of a call")
    .openapi({ param: { name: "callId", in: "path" } }),
});

export const PENDING_APPROVAL = z.object(PENDING).openapi("PendingApproval");
