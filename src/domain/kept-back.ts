// What a call leaves untouched so that another stays possible behind it: the last words of a run that stops
// at a limit, and the summary from which a long conversation goes on. It follows the prompt as it is now,
// so nothing is kept from a short conversation for the sake of what it may grow to.

import { USEFUL_REPLY_TOKENS, type Limits } from "./limits.ts";
import { worstCase, worstCaseMicroUsd } from "./pricing.ts";
import type { Price } from "./prices.ts";

/** What the prompt may have grown by: the reply before, and the beginning of what its tools found. */
const GROWTH_TOKENS = 512;
const SUMMARY_TOKENS_MAX = 4096;
/** What asks for the summary, with a word for each open call. */
const QUESTION_TOKENS = 1024;

/** Tokens for the last words, over the present prompt. */
export function tokensKeptBack(promptTokens: number): number {
  return promptTokens + GROWTH_TOKENS + USEFUL_REPLY_TOKENS;
}

export interface LikelyRefund {
  /** What the call holds for its prompt, none of it from the cache, and for its searches. */
  readonly heldForPromptMicroUsd: number;
  /** What the reply before it cost as a whole, or null where that says nothing. */
  readonly lastReplyMicroUsd: number | null;
}

/**
 * What a call leaves for the last words, none of their prompt from the cache: their price, less what will come back
 * of the call's own hold if it costs what the one before it did. Should the cache have forgotten the prompt, then
 * the last words may be out of reach; no cap is passed for that.
 */
export function microUsdKeptBack(
  price: Price,
  promptTokens: number,
  { heldForPromptMicroUsd, lastReplyMicroUsd }: LikelyRefund,
): number {
  const refund =
    lastReplyMicroUsd === null ? 0 : Math.max(0, heldForPromptMicroUsd - lastReplyMicroUsd);
  return Math.max(0, lastWordsMicroUsd(price, promptTokens + GROWTH_TOKENS) - refund);
}

/** Less than this pays for none. Nothing comes behind them, so no cache is asked for an hour. */
export function lastWordsMicroUsd(price: Price, promptTokens: number): number {
  return worstCaseMicroUsd(worstCase(price, promptTokens, 0, "5m"), USEFUL_REPLY_TOKENS);
}

export function summaryTokensMax({ replyTokens }: Limits): number {
  return Math.min(replyTokens, SUMMARY_TOKENS_MAX);
}

/** What other calls leave free of a request, so that the conversation after them can be summed up. */
export function roomForSummary(limits: Limits): number {
  return summaryTokensMax(limits) + QUESTION_TOKENS;
}
