// The one place where a call that is not made, or comes to nothing by nobody's fault, becomes the word that
// its run hears: for a size, by the calendar, by the ledger, by the gate, or by the provider. The run decides
// what follows: to wait, to ask another model, to sum up or to stop.

import type { Denial, WhyDenied } from "../../src/domain/call.ts";
import type { ErrorCode } from "../../src/domain/errors.ts";
import { endBefore, endedText } from "../../src/domain/model-end.ts";
import { lastWordsMicroUsd } from "../../src/domain/kept-back.ts";
import { modelSpec } from "../../src/domain/model-table.ts";
import { priceOn } from "../../src/domain/pricing.ts";
import { present } from "../../src/domain/present.ts";
import { providerDiffers, type Provider } from "../../src/domain/provider.ts";
import type { ModelCallError } from "../../src/model/model.ts";
import type { GateAnswer } from "../../src/store/gates.ts";
import type { HoldDenied } from "../../src/store/ledger.ts";
import { failure } from "../attempt.ts";
import type { CallAttempt, PreparedCall } from "./call-attempt.ts";
import { specOfCall } from "./run-models.ts";
import { shortfallText } from "./shortfall.ts";

/** What says that the provider is down or overloaded, and nothing about our request. */
export const OUTAGES: readonly ErrorCode[] = [
  "PROVIDER_OVERLOADED",
  "PROVIDER_UNAVAILABLE",
  "PROVIDER_UNREACHABLE",
  "PROVIDER_TIMEOUT",
];

/** Of a wait that is the same for many. */
const JITTER = 0.3;
const JITTER_MIN_MS = 300;

/** Nobody is served by waiting on. */
const REFUSED_MS_MAX = 6 * 3_600_000;

export type GateWait = Extract<GateAnswer, { kind: "wait" }>;

export function denied(
  { crashTaxMicroUsd }: Pick<CallAttempt, "crashTaxMicroUsd">,
  why: WhyDenied,
  message: string,
): Denial {
  return { kind: "denied", ...why, message, at: new Date().toISOString(), crashTaxMicroUsd };
}

/** Holds of other runs pass by themselves; what is spent stays spent. */
export function deniedByLedger(prepared: PreparedCall, denial: HoldDenied): Denial {
  const { limit, leftMicroUsd, capMicroUsd, resetsAt, temporary } = denial;
  const neededMicroUsd = denial.askedMicroUsd;
  const shortfall = { limit, neededMicroUsd, leftMicroUsd, capMicroUsd, resetsAt };
  const unspent = capMicroUsd - denial.spentMicroUsd - denial.fearedMicroUsd;
  const last = unspent < lastWordsOf(prepared) ? ({ leavesNothing: true } as const) : {};
  return denied(
    denial,
    temporary ? { why: "holds", limit } : { why: "cap", limit, resetsAt, ...last },
    shortfallText(prepared, shortfall),
  );
}

/** How soon another worker may take a run that this one can't. */
const ANOTHER_WORKER_MS = 15_000;

/** Null where this worker has the provider that the run began with. Nothing is held, counted or sent before. */
export function deniedToOther(at: CallAttempt, pinned: Provider): Denial | null {
  const message = providerDiffers(pinned, at.deps.provider);
  if (message === null) return null;
  return denied(at, { why: "provider", notBefore: aboutAfter(ANOTHER_WORKER_MS) }, message);
}

interface OwnMoney {
  readonly neededMicroUsd: number;
  readonly leftMicroUsd: number;
  readonly capMicroUsd: number;
}

/** The run has too little for a further step, if its last words are to be paid behind it. */
export function deniedByOwnCap(prepared: PreparedCall, money: OwnMoney): Denial {
  const limit = "cost";
  const last = money.leftMicroUsd < lastWordsOf(prepared) ? ({ leavesNothing: true } as const) : {};
  return denied(
    prepared,
    { why: "cap", limit, resetsAt: null, ...last },
    shortfallText(prepared, { limit, resetsAt: null, ...money }),
  );
}

function lastWordsOf(prepared: PreparedCall): number {
  const price = priceOn(specOfCall(prepared), new Date().toISOString());
  return lastWordsMicroUsd(price, prepared.room.promptTokens);
}

/** Null while the model is served; what only the run itself knows of has no day named. */
export function deniedByCalendar(at: CallAttempt): Denial | null {
  const { model } = at.call.course;
  const spec = modelSpec(at.deps.config.models.table, model);
  const end = spec === undefined ? null : endBefore(spec, new Date().toISOString());
  return end === null ? null : denied(at, { why: "retired" }, endedText(model, end));
}

export function deniedByGate(at: CallAttempt, wait: GateWait): Denial {
  const { model } = at.call.course;
  switch (wait.why) {
    case "down": {
      const message = `the provider of ${model} has been failing since ${momentOf(wait)}`;
      return denied(at, { why: "down", notBefore: aboutAfter(wait.forMs) }, message);
    }
    case "rate_limited": {
      if (isRefusedTooLong(wait)) throw failure("PROVIDER_SPEND_LIMIT", quotaText(model, wait));
      const notBefore = aboutAfter(wait.forMs);
      return denied(at, { why: "rate_limited", notBefore }, limitText(model));
    }
    case "busy": {
      const message = `the provider's rate limit for ${model} is in use, and runs take turns`;
      // Each that waits in line was given a moment of its own.
      return denied(at, { why: "in_line", notBefore: after(wait.forMs) }, message);
    }
  }
}

/**
 * A call that met a rate limit, and cost nothing, is waited out like one that was not let out: else the
 * first to come again each time would use up its attempts. One whose model was overloaded or away too often
 * is handed to another model. Null where the error is for Temporal to retry, or the end of the run.
 */
export function deniedByProvider(at: CallAttempt, error: ModelCallError): Denial | null {
  const { deps, attempt, call } = at;
  const { model } = call.course;
  const notBefore = aboutAfter(error.retryAfterMs ?? deps.config.retries.initialMs);
  if (error.code === "PROVIDER_RATE_LIMITED" && !error.mayCost) {
    return denied(at, { why: "rate_limited", notBefore }, limitText(model));
  }
  if (error.code === "PROMPT_TOO_LONG") {
    const stated = present({ contextTokens: error.contextTokens ?? undefined });
    return denied(at, { why: "size", limit: "request_tokens", ...stated }, error.message);
  }
  if (error.code === "MODEL_RETIRED") {
    return denied(at, { why: "retired" }, `${model} is not served: ${error.message}`);
  }
  if (!isHandedOn(at, error.code)) return null;
  const message = `${model} gave no reply up to attempt ${attempt.attempt}: ${error.message}`;
  return denied(at, { why: "overloaded", notBefore }, message);
}

/** Not where a batch was refused: a provider that takes none may take live calls. */
function isHandedOn({ call, attempt }: CallAttempt, code: ErrorCode): boolean {
  const attemptsMax = call.course.attemptsMax ?? Number.POSITIVE_INFINITY;
  return call.lane === "live" && OUTAGES.includes(code) && attempt.attempt >= attemptsMax;
}

/** A rate limit is over in minutes: what refuses every call for hours is a quota, of which only people know. */
function isRefusedTooLong({ limitedSince = null }: GateWait): boolean {
  return limitedSince !== null && Date.now() - Date.parse(limitedSince) > REFUSED_MS_MAX;
}

function quotaText(model: string, { limitedSince }: GateWait): string {
  const since = new Date(limitedSince ?? 0).toISOString();
  return `the provider has refused every call of ${model} for its rate limit since ${since}`;
}

function limitText(model: string): string {
  return `the provider's rate limit for ${model} is used up`;
}

/** Later than asked by a little, so that those who wait for one moment do not come all at once. */
function aboutAfter(forMs: number): string {
  return after(forMs + Math.random() * Math.max(JITTER_MIN_MS, forMs * JITTER));
}

function after(forMs: number): string {
  return new Date(Date.now() + forMs).toISOString();
}

/** As all other times are written: Postgres says microseconds and an offset. */
function momentOf({ downSince }: GateWait): string {
  return downSince === null ? "a moment ago" : new Date(downSince).toISOString();
}
