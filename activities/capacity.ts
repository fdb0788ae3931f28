// Whether a call may go out now. A provider that is down, wants to be left alone or has its limits in use is
// not asked: the run waits in a timer of its own, so no activity is busy and no attempt lost.

import type { ErrorCode } from "../src/domain/errors.ts";
import type { Amounts } from "../src/domain/rate-limits.ts";
import type { Denial } from "../src/domain/run.ts";
import { ModelCallError } from "../src/model/model.ts";
import type { GateAnswer, GateAsk } from "../src/store/gates.ts";
import { holdIdOf } from "./attempt.ts";
import type { Purchase } from "./buy-reply.ts";
import type { ActivityDeps } from "./deps.ts";
import { whileStoreIsAway } from "./patience.ts";
import { specOf } from "./reply-room.ts";

/** What says that the provider is down or overloaded, and nothing about our request. */
export const OUTAGES: readonly ErrorCode[] = [
  "PROVIDER_OVERLOADED",
  "PROVIDER_UNAVAILABLE",
  "PROVIDER_UNREACHABLE",
  "PROVIDER_TIMEOUT",
];

const STORE_PATIENCE_MS = 60_000;
/** From the answer of the gate to the request, and from the first byte to the gate. */
const LEASE_MARGIN_MS = 5000;
/** Of a wait that is the same for many. */
const JITTER = 0.3;
const JITTER_MIN_MS = 300;

type Wait = Extract<GateAnswer, { kind: "wait" }>;

export async function askGate(
  { gates, config }: ActivityDeps,
  purchase: Purchase,
): Promise<{ readonly ask: GateAsk; readonly answer: GateAnswer }> {
  const { attempt, input, request } = purchase;
  const ask = {
    key: keyOf(config.provider.offline, request.model),
    callId: holdIdOf(attempt),
    leaseMs: config.timers.firstByteTimeoutMs + LEASE_MARGIN_MS,
    runId: attempt.runId,
    tenant: input.tenant,
    bounds: boundsOf(purchase),
  };
  const patience = { signal: attempt.signal, forMs: STORE_PATIENCE_MS };
  return { ask, answer: await whileStoreIsAway(() => gates.ask(ask), patience) };
}

/** A worker without a key must not be held up by what befell one that has it. */
function keyOf(isOffline: boolean, model: string): string {
  return `${isOffline ? "offline" : "anthropic"}/${model}`;
}

/** What the last call read is in the cache, where it is long enough, and counts in no limit; its reply is not. */
function boundsOf({ input, request, promptTokensMax }: Purchase): Amounts {
  const isCached = input.headTokens >= specOf(request.model).cacheTokensMin;
  const lastReply = request.messages.findLast(({ role }) => role === "assistant");
  const replyTokensMax = Buffer.byteLength(JSON.stringify(lastReply?.content ?? ""));
  const cachedTokens = isCached ? Math.max(0, input.headTokens - replyTokensMax) : 0;
  return {
    requests: 1,
    input: Math.max(1, promptTokensMax - cachedTokens),
    output: request.replyTokensMax,
  };
}

/** The hold goes back untouched. What the run was charged for lost attempts it hears now. */
export async function standBack(
  { ledger, log }: ActivityDeps,
  { attempt, input, request }: Purchase,
  { wait, crashTaxMicroUsd }: { readonly wait: Wait; readonly crashTaxMicroUsd: number },
): Promise<Denial> {
  const patience = { signal: attempt.signal, forMs: STORE_PATIENCE_MS };
  await whileStoreIsAway(() => ledger.void(holdIdOf(attempt), { sent: false }), patience);
  const message = textOn(wait, request.model);
  const isDown = wait.why === "down";
  const said = { message, crashTaxMicroUsd, ...(isDown ? { away: "down" as const } : {}) };
  // Each that waits in line was given a moment of its own.
  const denial =
    wait.why === "busy"
      ? { ...denialAfter(wait.forMs, said), inLine: true }
      : denialFor(wait.forMs, said);
  const { nextAttemptAt } = denial;
  const { runId } = attempt;
  log.info(
    { event: "capacity_wait", runId, turn: input.turn, why: wait.why, nextAttemptAt },
    message,
  );
  return denial;
}

/**
 * A call that met a rate limit, and cost nothing, is waited out like one that was not let out: else the
 * first to come again each time would use up its attempts. Null where the error is another.
 */
export function waitOut(
  error: unknown,
  { config }: ActivityDeps,
  { request }: Purchase,
  crashTaxMicroUsd: number,
): Denial | null {
  const cause = error instanceof Error ? error.cause : null;
  if (!(cause instanceof ModelCallError) || cause.code !== "PROVIDER_RATE_LIMITED") return null;
  if (cause.billing === "unknown") return null;
  const forMs = cause.retryAfterMs ?? config.retries.initialMs;
  return denialFor(forMs, { message: limitText(request.model), crashTaxMicroUsd });
}

function textOn(wait: Wait, model: string): string {
  switch (wait.why) {
    case "down":
      return `the provider of ${model} has been failing since ${momentOf(wait)}`;
    case "rate_limited":
      return limitText(model);
    case "busy":
      return `the provider's rate limit for ${model} is in use, and runs take turns`;
  }
}

function limitText(model: string): string {
  return `the provider's rate limit for ${model} is used up`;
}

/** Later than asked by a little, so that those who wait for one moment do not come all at once. */
export function denialFor(forMs: number, said: Said): Denial {
  return denialAfter(forMs + Math.random() * Math.max(JITTER_MIN_MS, forMs * JITTER), said);
}

type Said = Pick<Denial, "message" | "crashTaxMicroUsd" | "away">;

function denialAfter(forMs: number, said: Said): Denial {
  return {
    kind: "denied",
    limit: "capacity",
    // To a workflow of an older build this is a denial that passes.
    temporary: true,
    resetsAt: null,
    nextAttemptAt: new Date(Date.now() + forMs).toISOString(),
    ...said,
  };
}

/** As all other times are written: Postgres says microseconds and an offset. */
function momentOf({ downSince }: Wait): string {
  return downSince === null ? "a moment ago" : new Date(downSince).toISOString();
}
