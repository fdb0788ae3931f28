// What a call asks of the ledger: its worst case, in every account of its payer. Until a run sums up, each of
// its calls leaves the price of that: of the run's own money exactly, by a shorter reply or none; of what it
// shares with others by asking for more room than it needs, since nothing can be kept back from others.

import type { Config } from "../../src/config.ts";
import type { Denial, ModelCall } from "../../src/domain/call.ts";
import { microUsdKeptBack } from "../../src/domain/kept-back.ts";
import { USEFUL_REPLY_TOKENS } from "../../src/domain/limits.ts";
import { priceIn, priceOn, specOf, worstCase, type WorstCase } from "../../src/domain/pricing.ts";
import type { ModelRequest } from "../../src/model/model.ts";
import type { PreparedCall } from "./call-attempt.ts";
import { denied } from "./denial.ts";
import type { HoldRequest } from "./money.ts";
import { keepsLastWords } from "./room.ts";

/** Past the end of every batch: a hold that is still open then is of a run that was terminated. */
const BATCH_DEAD_AFTER_MS = 48 * 3_600_000;
const LIVE_MARGIN_MS = 60_000;

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

function deadAfterMs({ deps: { config }, call }: PreparedCall): number {
  if (call.lane === "batch") return BATCH_DEAD_AFTER_MS;
  return config.timers.callTimeoutMs + 2 * config.timers.heartbeatTimeoutMs + LIVE_MARGIN_MS;
}

type Asked = Pick<HoldRequest, "worst" | "replyTokensMin" | "replyTokensMax">;

function askedOfLedger(prepared: PreparedCall, now: Date): Asked | Denial {
  const { deps, call, request, room } = prepared;
  const { promptTokensMax, promptTokens, replyTokensMax } = room;
  const price = priceOn(specOf(request.model), now.toISOString());
  const worst = worstCase(priceIn(call.lane, price), promptTokensMax, searchesMax(request));
  const replyTokensMin = Math.min(USEFUL_REPLY_TOKENS, replyTokensMax);
  if (!keepsLastWords(call)) return { worst, replyTokensMin, replyTokensMax };

  const cap = runCapOf(call, deps.config.caps);
  const kept = microUsdKeptBack(price, promptTokens);
  const left = cap - call.budget.spentMicroUsd;
  const payable = repliesFor(left - kept - worst.fixedMicroUsd, worst);
  if (payable < replyTokensMin) {
    return denied(
      prepared,
      { why: "cap", limit: "cost", resetsAt: null },
      `${left} of ${cap} micro-USD are left, of which a summary may take ${kept}: too little for a further step`,
    );
  }
  const longest = Math.min(replyTokensMax, payable);
  return {
    worst,
    replyTokensMin: Math.min(replyTokensMin + repliesFor(kept, worst), longest),
    replyTokensMax: longest,
  };
}

export function searchesMax({ serverTools, toolsOff }: ModelRequest): number {
  if (toolsOff === true) return 0;
  return serverTools.reduce((sum, tool) => sum + tool.max_uses, 0);
}

function repliesFor(microUsd: number, { replyRate }: WorstCase): number {
  return Math.floor((microUsd * 1_000_000) / replyRate);
}

type RunCap = Pick<Config["caps"], "runMicroUsd">;

/** The operator's cap is read at every call; a caller can only lower it. */
export function runCapOf({ budget }: Pick<ModelCall, "budget">, caps: RunCap): number {
  return Math.min(caps.runMicroUsd, budget.costCapMicroUsd ?? caps.runMicroUsd);
}
