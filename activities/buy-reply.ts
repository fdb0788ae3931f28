// The purchase itself: from a hold to a settled reply, or to a failure whose hold is resolved. A reply
// that the run stopped is settled with what was heard of it; what the provider bills for such a reply
// is unknown, so it costs its whole hold.

import { batchPrice } from "../src/domain/batch-lane.ts";
import { CATALOGUE } from "../src/domain/errors.ts";
import type { Warning } from "../src/domain/limits.ts";
import { isToolUse } from "../src/domain/message.ts";
import { costOf, modelSpec, priceOn } from "../src/domain/pricing.ts";
import { INTERRUPTED, isSummary } from "../src/domain/run.ts";
import type { CallModelInput, Interrupted, Reply } from "../src/domain/run.ts";
import type { ToolCall } from "../src/domain/tool.ts";
import { promptTokens } from "../src/domain/usage.ts";
import { failpoint } from "../src/failpoint.ts";
import { CallAborted, ModelCallError } from "../src/model/model.ts";
import type { ModelReply, ModelRequest, ReplyHeard } from "../src/model/model.ts";
import type { AccountState, AttemptStart } from "../src/store/ledger.ts";
import { nextHead, refOf } from "../src/store/transcripts.ts";
import { argsDigest } from "./args-digest.ts";
import { aborted, failure, holdIdOf, isUnwanted, type Attempt } from "./attempt.ts";
import type { Conversation } from "./conversation.ts";
import type { ActivityDeps } from "./deps.ts";
import { isHandedOn } from "./hand-on.ts";
import { whileStoreIsAway } from "./patience.ts";
import { previewOf } from "./preview.ts";
import { specOf } from "./reply-room.ts";

export interface Purchase {
  readonly attempt: Attempt;
  readonly input: CallModelInput;
  readonly conversation: Conversation;
  readonly request: ModelRequest;
  readonly promptTokensMax: number;
  /** Of a reply from the batch lane: when it was made, as ISO 8601. */
  readonly batchEndedAt?: string;
}

export type Held = Extract<AttemptStart, { kind: "held" }>;

/** A reply must fit one payload of Temporal with room for its envelope. */
const REPLY_BYTES_MAX = 1_500_000;
const NEAR_CAP = 0.8;

/** To settle what was stopped; the run waits for it, and its hold is charged in any case. */
const STOPPED_PATIENCE_MS = 10_000;

export async function buyReply(
  deps: ActivityDeps,
  purchase: Purchase,
  held: Held,
): Promise<Reply | Interrupted> {
  const startedAt = performance.now();
  const reply = await replyOrRest(deps, purchase, held);
  if (reply === null) return await resolveUnheard(deps, purchase, held);
  return await settle(deps, purchase, { held, reply, latencyMs: performance.now() - startedAt });
}

/** Null where the run stopped the reply before there was anything of it. */
async function replyOrRest(
  deps: ActivityDeps,
  purchase: Purchase,
  held: Held,
): Promise<ModelReply | null> {
  try {
    return await stream(deps, purchase, held.replyTokens);
  } catch (error) {
    if (error instanceof CallAborted && isUnwanted()) {
      return stoppedReply(error.heard, purchase, held);
    }
    throw await resolveFailed(deps, purchase, error);
  }
}

/** All that the reply could have been counts as written: bounds on later prompts rest on it. */
function stoppedReply(
  heard: ReplyHeard | null,
  { promptTokensMax }: Purchase,
  { replyTokens }: Held,
): ModelReply | null {
  if (heard === null || heard.message.content.length === 0) return null;
  const isCounted = promptTokens(heard.usage) > 0;
  const usage = {
    ...heard.usage,
    ...(isCounted ? {} : { inputTokens: promptTokensMax }),
    outputTokens: replyTokens,
  };
  return { ...heard, usage, stopReason: INTERRUPTED, invalidCalls: [] };
}

async function resolveUnheard(
  { ledger, log }: ActivityDeps,
  { attempt, input }: Purchase,
  { heldMicroUsd, crashTaxMicroUsd }: Held,
): Promise<Interrupted> {
  await ledger.charge(holdIdOf(attempt));
  const { runId } = attempt;
  log.info({ event: "model_stopped", runId, turn: input.turn }, "stopped before its first word");
  return { kind: "interrupted", crashTaxMicroUsd: crashTaxMicroUsd + heldMicroUsd };
}

async function stream(
  { model, deltas }: ActivityDeps,
  { attempt, input, request }: Purchase,
  replyTokensMax: number,
): Promise<ModelReply> {
  deltas.mark(attempt, { kind: "started" });
  const isShown = input.purpose === undefined;
  const listener = {
    alive: () => undefined,
    text: (piece: string) => (isShown ? deltas.text(attempt, piece) : undefined),
  };
  return await model.call({ ...request, replyTokensMax }, listener, attempt.signal);
}

/** Resolves the hold, tells the viewers, and gives the error that Temporal shall see. */
async function resolveFailed(
  deps: ActivityDeps,
  { attempt, input, request }: Purchase,
  error: unknown,
): Promise<unknown> {
  const holdId = holdIdOf(attempt);
  if (!(error instanceof ModelCallError)) {
    await deps.ledger.charge(holdId);
    return attempt.signal.aborted ? aborted(attempt.signal) : error;
  }
  const { code, billing, message, retryAfterMs } = error;
  await (billing === "unknown"
    ? deps.ledger.charge(holdId)
    : deps.ledger.void(holdId, { sent: billing === "free" }));

  const { initialMs, maxAttempts: attemptsMax } = deps.config.retries;
  const hasMore = attempt.attempt < attemptsMax && !isHandedOn(code, attempt, input);
  const again = CATALOGUE[code].fate === "retry" && hasMore;
  const waitMs = retryAfterMs ?? initialMs * 2 ** (attempt.attempt - 1);
  const nextAttemptAt = again ? new Date(Date.now() + waitMs).toISOString() : null;
  deps.deltas.mark(attempt, { kind: "failed", code, message, nextAttemptAt });
  deps.log[code === "PROVIDER_AUTH" ? "error" : "warn"](
    {
      event: again ? "model_retry" : "model_failed",
      runId: attempt.runId,
      tenant: input.tenant,
      agent: input.agent,
      turn: input.turn,
      model: request.model,
      attempt: attempt.attempt,
      code,
      nextAttemptAt,
      ...(code === "PROVIDER_AUTH" ? { alert: true } : {}),
    },
    message,
  );
  return failure(code, message, { nextRetryDelayMs: again ? retryAfterMs : null, cause: error });
}

interface Bought {
  readonly held: Pick<Held, "heldMicroUsd" | "crashTaxMicroUsd" | "attempts">;
  readonly reply: ModelReply;
  readonly latencyMs: number;
}

export async function settle(
  deps: ActivityDeps,
  purchase: Purchase,
  bought: Bought,
): Promise<Reply> {
  const { attempt, conversation } = purchase;
  const { reply, held } = bought;
  const { runId } = attempt;
  const body = JSON.stringify(reply.message);
  if (Buffer.byteLength(body) > REPLY_BYTES_MAX) {
    await deps.ledger.charge(holdIdOf(attempt));
    throw failure("REPLY_TOO_LARGE", `The reply has more than ${REPLY_BYTES_MAX} bytes.`);
  }
  // A turn without content can't be sent back, so it does not enter the transcript.
  const isEmpty = reply.message.content.length === 0;
  const ref = refOf(body);
  const head = isEmpty ? conversation.head : nextHead(conversation.head, ref);
  const result: Reply = {
    kind: "replied",
    head,
    ref,
    message: reply.message,
    model: reply.model,
    ...(purchase.batchEndedAt === undefined ? {} : { lane: "batch" as const }),
    stopReason: reply.stopReason,
    ...(reply.refusalCategory === undefined ? {} : { refusalCategory: reply.refusalCategory }),
    toolCalls: callsIn(reply),
    invalidCalls: reply.invalidCalls,
    usage: reply.usage,
    costMicroUsd: reply.stopReason === INTERRUPTED ? held.heldMicroUsd : chargeFor(purchase, reply),
    crashTaxMicroUsd: held.crashTaxMicroUsd,
    attempts: held.attempts,
    attempt: attempt.attempt,
    costCapMicroUsd: Math.min(
      deps.config.caps.runMicroUsd,
      purchase.input.costCapMicroUsd ?? deps.config.caps.runMicroUsd,
    ),
    nearCaps: [],
  };
  const link = { runId, prevHead: conversation.head, ref, head };
  // The reply is paid for and in our hands: it is not given up while anybody wants it.
  const wanted = attempt.signal.aborted
    ? { signal: new AbortController().signal, forMs: STOPPED_PATIENCE_MS }
    : { signal: attempt.signal, forMs: Number.POSITIVE_INFINITY };
  const settlement = {
    holdId: holdIdOf(attempt),
    actualMicroUsd: result.costMicroUsd,
    usage: reply.usage,
    model: reply.model,
    journal: JSON.stringify(result),
    messages: [...conversation.newBodies, ...(isEmpty ? [] : [{ runId, ref, body }])],
    links: [...conversation.newLinks, ...(isEmpty ? [] : [link])],
  };
  failpoint("call_model.before_settle");
  const settled = await whileStoreIsAway(() => deps.ledger.settle(settlement), wanted);
  failpoint("call_model.after_settle");
  if (settled.kind === "late") {
    throw failure("PROVIDER_STREAM_CUT", "this attempt was given up before its reply arrived");
  }
  logReply(deps, purchase, { result, latencyMs: bought.latencyMs, requestId: reply.requestId });
  return { ...result, nearCaps: nearCaps(settled.accounts) };
}

/** A refusal before any output is reported with its usage, but not billed. */
function chargeFor({ request, batchEndedAt }: Purchase, reply: ModelReply): number {
  if (reply.stopReason === "refusal" && reply.message.content.length === 0) return 0;
  const spec = modelSpec(reply.model) ?? specOf(request.model);
  const price = priceOn(spec, batchEndedAt ?? new Date().toISOString());
  return costOf(reply.usage, batchEndedAt === undefined ? price : batchPrice(price));
}

function callsIn(reply: ModelReply): ToolCall[] {
  return reply.message.content.filter(isToolUse).map(({ id, name, input }) => ({
    callId: id,
    name,
    preview: previewOf(input),
    argsDigest: argsDigest(input),
  }));
}

/** That a batch is nearly through its cap is no reason for one of its items to be answered in haste. */
function nearCaps(accounts: readonly AccountState[]): Warning[] {
  const told = accounts.filter(({ limit }) => limit !== "batch");
  return told.flatMap(({ limit, spentMicroUsd, capMicroUsd }) =>
    capMicroUsd !== null && spentMicroUsd >= capMicroUsd * NEAR_CAP
      ? [{ limit, used: spentMicroUsd, cap: capMicroUsd }]
      : [],
  );
}

interface Logged {
  readonly result: Reply;
  readonly latencyMs: number;
  readonly requestId: string | null;
}

function logReply({ log }: ActivityDeps, { attempt, input }: Purchase, logged: Logged): void {
  const { result, latencyMs, requestId } = logged;
  log.info(
    {
      event: "model_call",
      runId: attempt.runId,
      tenant: input.tenant,
      agent: input.agent,
      turn: input.turn,
      ...(isSummary(input) ? { purpose: "compaction" } : {}),
      model: result.model,
      stop_reason: result.stopReason,
      prompt_tokens: promptTokens(result.usage),
      ...result.usage,
      costMicroUsd: result.costMicroUsd,
      crashTaxMicroUsd: result.crashTaxMicroUsd,
      latency_ms: Math.round(latencyMs),
      attempt: attempt.attempt,
      requestId,
    },
    "the model replied",
  );
}
