// Everything that goes wrong with a provider, on order: `PUT /admin/faults`.
// A fault strikes in one of three places: before the reply (http-faults.ts), in what the reply says
// (reply-faults.ts), or while it is delivered (send-reply.ts, stream-faults.ts).

import { z } from "zod";
import { LIES } from "./lies.ts";
import { entryFields } from "./match-list.ts";

const fault = <Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) =>
  z.strictObject({ kind: z.literal(kind), ...entryFields, ...shape });

const retryAfterS = z.number().nonnegative().optional();
const afterEvents = z.int().nonnegative().default(3);
const everyMs = z.int().positive().default(50);

const httpFaults = [
  fault("rate_limit", { retryAfterS }),
  fault("spend_limit", {
    errorCode: z
      .enum(["enforced_spend_limit_reached", "contract_spend_limit_reached"])
      .default("enforced_spend_limit_reached"),
  }),
  fault("usage_limit", {}),
  fault("image_too_large", { sidePixelsMax: z.int().positive().default(8000) }),
  fault("model_retired", {}),
  fault("billing", {}),
  fault("auth", {}),
  fault("permission", {}),
  fault("overloaded", { retryAfterS }),
  fault("server_error", {
    status: z.union([z.literal(500), z.literal(503), z.literal(504)]).default(500),
  }),
  /** Of something before the API, or in its place. */
  fault("page", { status: z.int().min(400).max(599).default(502) }),
  fault("html_ok", {}),
] as const;

const replyFaults = [
  fault("max_tokens_mid_tool", {}),
  fault("refusal", {
    when: z.enum(["pre", "mid"]).default("pre"),
    category: z.string().default("cyber"),
  }),
  fault("pause_turn", {}),
  fault("empty_end_turn", {}),
  fault("parallel_calls", { count: z.int().min(2).max(64).default(2) }),
  fault("invalid_tool_json", { json: z.string().default('{"expression": "1 +') }),
  fault("unknown_stop_reason", { stopReason: z.string().default("future_reason") }),
] as const;

const streamFaults = [
  fault("hold", { afterEvents: z.int().nonnegative().default(0) }),
  fault("stall", { afterEvents }),
  fault("silent", {}),
  fault("ping_drip", { everyMs }),
  fault("content_drip", { everyMs }),
  fault("stream_error", {
    afterEvents,
    errorType: z
      .enum(["overloaded_error", "api_error", "rate_limit_error", "timeout_error"])
      .default("overloaded_error"),
    /** As the API writes it, or as servers do that only resemble it. */
    shape: z.enum(["api", "wrapped", "bare", "text"]).default("api"),
    message: z.string().default("Overloaded"),
  }),
  fault("truncate", {
    where: z.enum(["before_stop", "mid_event", "mid_utf8"]).default("before_stop"),
  }),
  fault("unknown_event", {}),
] as const;

const connectionFaults = [
  fault("slow_first_byte", { delayMs: z.int().positive() }),
  fault("reset_before_headers", {}),
  fault("reset_after_headers", {}),
  fault("answer_lost", {}),
  /** A message in JSON where a stream was asked for, as caches and guardrails before the API send it. */
  fault("whole_json", {}),
  fault("usage", {
    mode: z.enum(["missing", "lying"]),
    /** What a lying usage says, field by field; the bill stays true. */
    says: z.record(z.string(), z.int()).default({ input_tokens: 1, output_tokens: 1 }),
  }),
  fault("lie", { how: z.enum(LIES) }),
] as const;

const anyFault = z.discriminatedUnion("kind", [
  ...httpFaults,
  ...replyFaults,
  ...streamFaults,
  ...connectionFaults,
]);

export const faultList = z.array(anyFault);
export type Fault = z.infer<typeof anyFault>;
/** As a test writes it. */
export type FaultInput = z.input<typeof anyFault>;
export type HttpFault = z.infer<(typeof httpFaults)[number]>;
export type ReplyFault = z.infer<(typeof replyFaults)[number]>;
export type StreamFault = z.infer<(typeof streamFaults)[number]>;

export const FAULT_KINDS = anyFault.options.map((option) => option.shape.kind.value);

export function isHttpFault(candidate: Fault): candidate is HttpFault {
  return httpFaults.some(({ shape }) => shape.kind.value === candidate.kind);
}

export function isReplyFault(candidate: Fault): candidate is ReplyFault {
  return replyFaults.some(({ shape }) => shape.kind.value === candidate.kind);
}

export function isStreamFault(candidate: Fault): candidate is StreamFault {
  return streamFaults.some(({ shape }) => shape.kind.value === candidate.kind);
}
