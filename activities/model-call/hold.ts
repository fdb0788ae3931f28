// What a call asks of the ledger: its worst case, in every account of its payer. Until a run sums up, each of
// its calls leaves the price of that: of the run's own money, by a shorter reply or none; of what it
// shares with others by asking for more room than it needs, since nothing can be kept back from others.

import type { Config } from "../../src/config.ts";
import type { Denial, ModelCall } from "../../src/domain/call.ts";
import { microUsdKeptBack } from "../../src/domain/kept-back.ts";
import { USEFUL_REPLY_TOKENS } from "../../src/domain/limits.ts";
import {
  priceIn,
  priceOn,
  worstCase,
  worstCaseMicroUsd,
  type WorstCase,
} from "../../src/domain/pricing.ts";
import type { Price } from "../../src/domain/prices.ts";
import { searchesMax } from "./bounds.ts";
import type { PreparedCall } from "./call-attempt.ts";
import { deniedByOwnCap } from "./denial.ts";
import type { HoldRequest } from "./money.ts";
import { countedRoom, keepsLastWords } from "./room.ts";
import { specOfCall } from "./run-models.ts";

/** Past the end of every batch: a hold that is still open then is of a run that was terminated. */
const BATCH_DEAD_AFTER_MS = 48 * 3_600_000;
const LIVE_MARGIN_MS = 60_000;
/** A count takes a round trip: bytes that may say so little too much are not worth it. */
const TOKENS_WORTH_A_COUNT = 256;

/** A call with what it asks of the ledger. */
export interface PricedCall {
  readonly ready: PreparedCall;
  readonly request: HoldRequest;
}

/** By bytes where that leaves the reply its length, else by the provider's count. */
export async function pricedCall(ready: PreparedCall): Promise<PricedCall | Denial> {
  const request = holdRequestOf(ready);
  const isEnough = !("kind" in request) && !isTight(ready, request);
  const counted = isEnough ? null : await recounted(ready);
  if (counted !== null) return counted;
  return "kind" in request ? request : { ready, request };
}

/** Null where it was counted before. */
export async function recounted(ready: PreparedCall): Promise<PricedCall | Denial | null> {
  if (ready.room.isCounted) return null;
  const counted = { ...ready, room: await countedRoom(ready) };
  const request = holdRequestOf(counted);
  return "kind" in request ? request : { ready: counted, request };
}

/** The worst case of the smallest call that is worth making. */
export function neededBy({ worst, replyTokensMin }: HoldRequest): number {
  return worstCaseMicroUsd(worst, replyTokensMin);
}

export function holdRequestOf(prepared: PreparedCall): HoldRequest | Denial {
  const { deps, call, request } = prepared;
  const asked = askedOfLedger(prepared, new Date());
  if ("kind" in asked) return asked;
  return {
    payer: call.payer,
    runCapMicroUsd: runCapOf(call, deps.config.caps),
    lane: call.lane,
    model: request.model,
    ...asked,
    deadAfterMs: deadAfterMs(prepared),
  };
}

/** The run itself can't pay the reply its full length, as far as it knows, and by bytes much may be in the way. */
function isTight(
  { call, room, conversation, deps }: PreparedCall,
  { worst, replyTokensMax }: HoldRequest,
): boolean {
  const left = runCapOf(call, deps.config.caps) - call.budget.spentMicroUsd;
  const isCut = replyTokensMax < room.replyTokensMax;
  if (!isCut && worstCaseMicroUsd(worst, replyTokensMax) <= left) return false;
  const weighed = call.course.weighedBy === undefined ? call.headTokens : 0;
  const byBytes = room.promptTokensMax - weighed;
  return conversation.messages.length > 0 && byBytes >= TOKENS_WORTH_A_COUNT;
}

function deadAfterMs({ deps: { config }, call }: PreparedCall): number {
  if (call.lane === "batch") return BATCH_DEAD_AFTER_MS;
  return config.timers.callTimeoutMs + 2 * config.timers.heartbeatTimeoutMs + LIVE_MARGIN_MS;
}

type Asked = Pick<HoldRequest, "worst" | "replyTokensMin" | "replyTokensMax">;

function askedOfLedger(prepared: PreparedCall, now: Date): Asked | Denial {
  const { deps, call, room } = prepared;
  const { promptTokensMax, promptTokens, replyTokensMax } = room;
  const price = priceOn(specOfCall(prepared), now.toISOString());
  const worst = worstOf(prepared, price, promptTokensMax);
  const replyTokensMin = Math.min(USEFUL_REPLY_TOKENS, replyTokensMax);
  if (!keepsLastWords(call)) return { worst, replyTokensMin, replyTokensMax };

  const capMicroUsd = runCapOf(call, deps.config.caps);
  const kept = microUsdKeptBack(price, promptTokens, {
    heldForPromptMicroUsd: worst.fixedMicroUsd,
    lastReplyMicroUsd: call.budget.lastReplyMicroUsd,
  });
  const leftMicroUsd = capMicroUsd - call.budget.spentMicroUsd;
  const payable = repliesFor(leftMicroUsd - kept - worst.fixedMicroUsd, worst);
  if (payable < replyTokensMin) {
    const neededMicroUsd = worstCaseMicroUsd(worst, replyTokensMin) + kept;
    return deniedByOwnCap(prepared, { leftMicroUsd, capMicroUsd, neededMicroUsd });
  }
  const longest = Math.min(replyTokensMax, payable);
  return {
    worst,
    // Last words that cost nothing need no room in what others share.
    replyTokensMin: Math.min(replyTokensMin + (kept === 0 ? 0 : repliesFor(kept, worst)), longest),
    replyTokensMax: longest,
  };
}

/** A batch asks the cache for an hour in any case. */
function worstOf(
  { call, request }: PreparedCall,
  price: Price,
  promptTokensMax: number,
): WorstCase {
  const cacheTtl = call.lane === "batch" ? "1h" : (request.cacheTtl ?? "5m");
  return worstCase(priceIn(call.lane, price), promptTokensMax, searchesMax(request), cacheTtl);
}

/** As many tokens of a reply as so much pays; of one that costs nothing any number, also where nothing is left. */
function repliesFor(microUsd: number, { replyRate }: WorstCase): number {
  if (replyRate === 0) return microUsd < 0 ? 0 : Number.MAX_SAFE_INTEGER;
  return Math.floor((microUsd * 1_000_000) / replyRate);
}

type RunCap = Pick<Config["caps"], "runMicroUsd">;

/** The operator's cap is read at every call; a caller can only lower it. */
export function runCapOf({ budget }: Pick<ModelCall, "budget">, caps: RunCap): number {
  return Math.min(caps.runMicroUsd, budget.costCapMicroUsd ?? caps.runMicroUsd);
}
