// What a call asks of the ledger. Until a run sums up, each of its calls leaves the price of that: of
// the run's own money exactly, by a shorter reply or none; of what it shares with others by asking for
// more room than it needs, since nothing can be kept back from others.

import { USEFUL_REPLY_TOKENS } from "../src/domain/limits.ts";
import { priceIn, priceOn, specOf, worstCase, type WorstCase } from "../src/domain/pricing.ts";
import type { CallModelInput, Denial } from "../src/domain/run.ts";
import { microUsdKeptBack } from "../src/domain/kept-back.ts";
import type { ModelRequest } from "../src/model/model.ts";
import type { Account } from "../src/store/ledger.ts";
import { keepsBack, type Room } from "./reply-room.ts";

export interface Asked {
  readonly worst: WorstCase;
  readonly replyTokensMin: number;
  readonly replyTokensMax: number;
}

interface Call {
  readonly input: CallModelInput;
  readonly request: ModelRequest;
  readonly now: Date;
  /** At the prices of the batch lane. */
  readonly inBatch?: boolean;
}

export function askedOfLedger(
  { input, request, now, inBatch = false }: Call,
  { promptTokensMax, promptTokens, replyTokensMax }: Room,
  [own]: readonly Account[],
): Asked | Denial {
  const price = priceOn(specOf(request.model), now.toISOString());
  const ofLane = priceIn(inBatch ? "batch" : "live", price);
  const worst = worstCase(ofLane, promptTokensMax, searchesMax(request));
  const replyTokensMin = Math.min(USEFUL_REPLY_TOKENS, replyTokensMax);
  const cap = own?.capMicroUsd ?? null;
  if (!keepsBack(input) || cap === null) return { worst, replyTokensMin, replyTokensMax };

  const kept = microUsdKeptBack(price, promptTokens);
  const left = cap - (input.spentMicroUsd ?? 0);
  const payable = repliesFor(left - kept - worst.fixedMicroUsd, worst);
  if (payable < replyTokensMin) return denial(left, cap, kept);
  const longest = Math.min(replyTokensMax, payable);
  return {
    worst,
    replyTokensMin: Math.min(replyTokensMin + repliesFor(kept, worst), longest),
    replyTokensMax: longest,
  };
}

function searchesMax({ serverTools, toolsOff }: ModelRequest): number {
  if (toolsOff === true) return 0;
  return serverTools.reduce((sum, tool) => sum + tool.max_uses, 0);
}

function repliesFor(microUsd: number, { replyRate }: WorstCase): number {
  return Math.floor((microUsd * 1_000_000) / replyRate);
}

function denial(left: number, cap: number, kept: number): Denial {
  return {
    kind: "denied",
    limit: "cost",
    message: `${left} of ${cap} micro-USD are left, of which a summary may take ${kept}: too little for a further step`,
    temporary: false,
    resetsAt: null,
    crashTaxMicroUsd: 0,
  };
}
