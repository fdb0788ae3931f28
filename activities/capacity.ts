// Whether a call may go out now, and what the fleet learns from it. A provider that is down or wants to be
// left alone is not asked: the run waits in a timer of its own, so no activity is busy and no attempt lost.

import { setTimeout as delay } from "node:timers/promises";
import type { ErrorCode } from "../src/domain/errors.ts";
import type { Denial } from "../src/domain/run.ts";
import { ModelCallError, type Model } from "../src/model/model.ts";
import type { GateAnswer, GateWord, Heard } from "../src/store/gates.ts";
import { holdIdOf } from "./attempt.ts";
import type { Purchase } from "./buy-reply.ts";
import type { ActivityDeps } from "./deps.ts";
import { whileStoreIsAway } from "./patience.ts";

/** What says that the provider is down or overloaded, and nothing about our request. */
export const OUTAGES: readonly ErrorCode[] = [
  "PROVIDER_OVERLOADED",
  "PROVIDER_UNAVAILABLE",
  "PROVIDER_UNREACHABLE",
  "PROVIDER_TIMEOUT",
];

const STORE_PATIENCE_MS = 60_000;
/** The news of a call is no reason to keep its run waiting. */
const TELL_PATIENCE_MS = 1000;
/** From the answer of the gate to the request, and from the first byte to the gate. */
const LEASE_MARGIN_MS = 5000;
/** Those who wait for the same moment come one after the other. */
const JITTER = 0.3;
const JITTER_MIN_MS = 300;

type Wait = Extract<GateAnswer, { kind: "wait" }>;
type Pass = Extract<GateAnswer, { kind: "pass" }>;

export async function askGate(
  { gates, config }: ActivityDeps,
  { attempt, request }: Purchase,
): Promise<GateAnswer> {
  const ask = {
    key: keyOf(config.PAWL_OFFLINE_MODEL, request.model),
    callId: holdIdOf(attempt),
    leaseMs: config.PAWL_FIRST_BYTE_TIMEOUT_MS + LEASE_MARGIN_MS,
  };
  const patience = { signal: attempt.signal, forMs: STORE_PATIENCE_MS };
  return await whileStoreIsAway(() => gates.ask(ask), patience);
}

/** A worker without a key must not be held up by what befell one that has it. */
function keyOf(isOffline: boolean, model: string): string {
  return `${isOffline ? "offline" : "anthropic"}/${model}`;
}

/** The hold goes back untouched. What the run was charged for lost attempts it hears now. */
export async function standBack(
  { ledger, log }: ActivityDeps,
  { attempt, input, request }: Purchase,
  { wait, crashTaxMicroUsd }: { readonly wait: Wait; readonly crashTaxMicroUsd: number },
): Promise<Denial> {
  const patience = { signal: attempt.signal, forMs: STORE_PATIENCE_MS };
  await whileStoreIsAway(() => ledger.void(holdIdOf(attempt), { sent: false }), patience);
  const message =
    wait.why === "down"
      ? `the provider of ${request.model} has been failing since ${momentOf(wait)}`
      : limitText(request.model);
  const isDown = wait.why === "down";
  const said = { message, crashTaxMicroUsd, ...(isDown ? { away: "down" as const } : {}) };
  const denial = denialFor(wait.forMs, said);
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
  const forMs = cause.retryAfterMs ?? config.PAWL_RETRY_INITIAL_MS;
  return denialFor(forMs, { message: limitText(request.model), crashTaxMicroUsd });
}

function limitText(model: string): string {
  return `the provider's rate limit for ${model} is used up`;
}

export function denialFor(
  forMs: number,
  said: Pick<Denial, "message" | "crashTaxMicroUsd" | "away">,
): Denial {
  const jitterMs = Math.random() * Math.max(JITTER_MIN_MS, forMs * JITTER);
  return {
    kind: "denied",
    limit: "capacity",
    // To a workflow of an older build this is a denial that passes.
    temporary: true,
    resetsAt: null,
    nextAttemptAt: new Date(Date.now() + forMs + jitterMs).toISOString(),
    ...said,
  };
}

/** As all other times are written: Postgres says microseconds and an offset. */
function momentOf({ downSince }: Wait): string {
  return downSince === null ? "a moment ago" : new Date(downSince).toISOString();
}

/** The model, with the gate as its listener. */
export function heardByGate(deps: ActivityDeps, purchase: Purchase, { watched }: Pass): Model {
  const { model } = deps;
  return {
    ...model,
    async call(request, listener, signal) {
      let isTold = !watched;
      const alive: typeof listener.alive = (usage) => {
        if (!isTold) void tell(deps, purchase, { heard: "answered" });
        isTold = true;
        listener.alive(usage);
      };
      try {
        return await model.call(request, { ...listener, alive }, signal);
      } catch (error) {
        await Promise.race([tell(deps, purchase, wordOn(error, deps)), delay(TELL_PATIENCE_MS)]);
        throw error;
      }
    },
  };
}

interface Word {
  readonly heard: Heard;
  readonly retryAfterMs?: number;
}

/** A rate limit that names no time is believed for as long as a first retry waits. */
function wordOn(error: unknown, { config }: ActivityDeps): Word {
  if (!(error instanceof ModelCallError)) return { heard: "nothing" };
  if (OUTAGES.includes(error.code)) return { heard: "outage" };
  if (error.code !== "PROVIDER_RATE_LIMITED") return { heard: "answered" };
  return { heard: "limited", retryAfterMs: error.retryAfterMs ?? config.PAWL_RETRY_INITIAL_MS };
}

/** Never fails: the call itself is what counts, and a lease ends what nobody told. */
async function tell(
  { gates, config, log }: ActivityDeps,
  { attempt, request }: Purchase,
  { heard, retryAfterMs = 0 }: Word,
): Promise<void> {
  const key = keyOf(config.PAWL_OFFLINE_MODEL, request.model);
  const word: GateWord = {
    key,
    callId: holdIdOf(attempt),
    heard,
    retryAfterMs: Math.ceil(retryAfterMs),
    failuresMax: config.PAWL_BREAKER_FAILURES,
  };
  try {
    const turned = await gates.tell(word);
    if (turned === null) return;
    const isOpen = turned === "opened";
    const what = isOpen ? "the provider fails: calls wait but for probes" : "the provider is back";
    log.warn({ event: isOpen ? "circuit_opened" : "circuit_closed", key, alert: isOpen }, what);
  } catch (error) {
    log.warn({ event: "gate_not_told", key, err: error }, "the gate did not hear of a call");
  }
}
