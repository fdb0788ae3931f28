// From tokens to integer micro-USD, by the price of a model (model-table.ts has whose is which).

import type { Lane } from "./call.ts";
import {
  WEB_SEARCH_MICRO_USD,
  WEB_SEARCH_TOKENS_ALLOWED,
  type ModelSpec,
  type Price,
  type Rates,
} from "./prices.ts";
import { promptTokens, type Usage } from "./usage.ts";

const TOKENS_PER_RATE = 1_000_000;
const HALF = 2;

/** The price on a day (`YYYY-MM-DD…`, UTC). Before the first dated price, that first one holds. */
export function priceOn(spec: ModelSpec, day: string): Price {
  const price = spec.prices.find((p) => p.effectiveFrom <= day) ?? spec.prices.at(-1);
  if (price === undefined) throw new Error("a model without any price is in the price table");
  return price;
}

/** Nothing of it costs anything: such a call holds nothing, and its tokens are counted all the same. */
export function isFree({ longContext, ...rates }: Price): boolean {
  const all = [rates, ...(longContext === undefined ? [] : [longContext.rates])];
  return all.every((band) => RATE_NAMES.every((name) => band[name] === 0));
}

const RATE_NAMES = ["input", "output", "cacheWrite5m", "cacheWrite1h", "cacheRead"] as const;

/** What a lane makes of it. */
export function priceIn(lane: Lane, price: Price): Price {
  return lane === "batch" ? batchPrice(price) : price;
}

/** The provider's discount holds for every kind of token; searches cost the same in either lane. */
function batchPrice(price: Price): Price {
  const { longContext } = price;
  return {
    ...price,
    ...halved(price),
    ...(longContext && { longContext: { ...longContext, rates: halved(longContext.rates) } }),
  };
}

function halved({ input, output, cacheWrite5m, cacheWrite1h, cacheRead }: Rates): Rates {
  return {
    input: input / HALF,
    output: output / HALF,
    cacheWrite5m: cacheWrite5m / HALF,
    cacheWrite1h: cacheWrite1h / HALF,
    cacheRead: cacheRead / HALF,
  };
}

/** The exact sum over all kinds of tokens, rounded up once to the micro-USD. */
export function costOf(usage: Usage, price: Price, prompt = promptTokens(usage)): number {
  const rates = ratesFor(price, prompt);
  const scaled =
    usage.inputTokens * rates.input +
    usage.cacheReadTokens * rates.cacheRead +
    usage.cacheWrite5mTokens * rates.cacheWrite5m +
    usage.cacheWrite1hTokens * rates.cacheWrite1h +
    usage.outputTokens * rates.output;
  return Math.ceil(scaled / TOKENS_PER_RATE) + usage.webSearchRequests * WEB_SEARCH_MICRO_USD;
}

export function ratesFor(price: Price, prompt: number): Rates {
  const band = price.longContext;
  return band !== undefined && prompt > band.promptTokensOver ? band.rates : price;
}

/**
 * What a call can cost at most, split so that the reply can be clamped to what a budget can pay:
 * `fixedMicroUsd` for the prompt and server-side tools, `replyRate` in micro-USD per million tokens.
 */
export interface WorstCase {
  readonly fixedMicroUsd: number;
  readonly replyRate: number;
}

export function worstCase(
  price: Price,
  promptTokensMax: number,
  webSearchesMax: number,
  cacheTtl: "5m" | "1h" = "1h",
): WorstCase {
  const promptWithSearches = promptTokensMax + webSearchesMax * WEB_SEARCH_TOKENS_ALLOWED;
  const rates = ratesFor(price, promptWithSearches);
  // Only what asks for an hour is written for an hour.
  const written = cacheTtl === "1h" ? rates.cacheWrite1h : 0;
  const dearest = Math.max(rates.input, rates.cacheWrite5m, written, rates.cacheRead);
  return {
    fixedMicroUsd:
      Math.ceil((promptWithSearches * dearest) / TOKENS_PER_RATE) +
      webSearchesMax * WEB_SEARCH_MICRO_USD,
    replyRate: rates.output,
  };
}

/** Includes one micro-USD for the rounding of the sum of two parts. */
export function worstCaseMicroUsd(worst: WorstCase, replyTokens: number): number {
  return worst.fixedMicroUsd + Math.ceil((replyTokens * worst.replyRate) / TOKENS_PER_RATE);
}
