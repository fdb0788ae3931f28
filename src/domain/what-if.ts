// What recorded calls would have cost under another routing: each reply's tokens at the prices of the
// model that would have given it. It assumes that this model would have read and written as many
// tokens, and found the same cached; lost attempts are left out on both sides.

import { specOf, TIER_NAMES, type ModelTable } from "./model-table.ts";
import type { Price, Tier } from "./prices.ts";
import { costOf, priceOn } from "./pricing.ts";
import type { Usage } from "./usage.ts";

/** Replies to prompts of about the same length: of a band. */
export interface CallsOfOneSize {
  /** No prompt was longer: the end of the band. */
  readonly promptTokensMax: number;
  /** Of all of them. */
  readonly tokens: Usage;
}

/** Ends of bands, in tokens, as the roll-up of replies has them (pawl.band_of). Longer prompts have one of their own. */
export const PROMPT_BANDS: readonly number[] = [
  ...[500, 1000, 2000, 4000, 8000, 16_000, 32_000, 50_000, 64_000, 100_000, 128_000, 200_000],
  ...[400_000, 1_000_000],
];

/**
 * `shares` in percent of all calls, whatever their size; `sizes` by the length of the prompt, shortest first. Prompts
 * are known by bands: a limit within one counts as the end of the band below.
 */
export type Routing =
  | { readonly kind: "shares"; readonly shares: Readonly<Record<Tier, number>> }
  | {
      readonly kind: "sizes";
      readonly steps: readonly { readonly promptTokensMax: number; readonly tier: Tier }[];
      /** For prompts longer than all steps. */
      readonly rest: Tier;
    };

export type PriceByTier = Readonly<Record<Tier, Price>>;

export const ALL_MEDIUM: Routing = {
  kind: "shares",
  shares: { simple: 0, medium: 100, complex: 0 },
};

/** What each tier costs on a day (`YYYY-MM-DD`). */
export function tierPrices(table: ModelTable, day: string): PriceByTier {
  const priceOf = (tier: Tier): Price => priceOn(specOf(table, table.tiers[tier]), day);
  return { simple: priceOf("simple"), medium: priceOf("medium"), complex: priceOf("complex") };
}

/** Of a band the tokens are priced at once, and shares are added up before they are rounded to the micro-USD. */
export function costUnder(
  routing: Routing,
  calls: readonly CallsOfOneSize[],
  prices: PriceByTier,
): number {
  let hundredths = 0n;
  for (const { tokens, promptTokensMax } of calls) {
    const shares = sharesFor(routing, promptTokensMax);
    for (const tier of TIER_NAMES) {
      if (shares[tier] === 0) continue;
      hundredths += BigInt(costOf(tokens, prices[tier], promptTokensMax)) * BigInt(shares[tier]);
    }
  }
  return Number((hundredths + 50n) / 100n);
}

function sharesFor(routing: Routing, prompt: number): Readonly<Record<Tier, number>> {
  if (routing.kind === "shares") return routing.shares;
  const step = routing.steps.find(({ promptTokensMax }) => prompt <= promptTokensMax);
  return { simple: 0, medium: 0, complex: 0, [step?.tier ?? routing.rest]: 100 };
}

/** Whole percent that the second saves of the first; below 0 where it costs more. */
export function savedPercent(before: number, after: number): number {
  return before === 0 ? 0 : Math.round(((before - after) / before) * 100);
}

/**
 * `70%simple`, `60%simple,10%complex` (the rest is medium), or by the size of the prompt:
 * `simple<=8000,medium<=50000` (what is longer is complex). Null for anything else.
 */
export function parseRouting(text: string): Routing | null {
  const parts = text.split(",").map((part) => part.trim());
  return sharesIn(parts) ?? sizesIn(parts);
}

function sharesIn(parts: readonly string[]): Routing | null {
  const shares = { simple: 0, medium: 0, complex: 0 };
  const named = new Set<Tier>();
  for (const part of parts) {
    const [, percent, name] = /^(\d{1,3})\s*%\s*([a-z]+)$/.exec(part) ?? [];
    if (percent === undefined || !isTier(name) || named.has(name)) return null;
    named.add(name);
    shares[name] = Number(percent);
  }
  const rest = 100 - shares.simple - shares.medium - shares.complex;
  if (rest < 0 || (rest > 0 && named.has("medium"))) return null;
  return { kind: "shares", shares: { ...shares, medium: shares.medium + rest } };
}

function sizesIn(parts: readonly string[]): Routing | null {
  const steps: { promptTokensMax: number; tier: Tier }[] = [];
  for (const part of parts) {
    const [, name, tokens, thousands] = /^([a-z]+)\s*<=\s*(\d{1,9})(k?)$/.exec(part) ?? [];
    if (tokens === undefined || !isTier(name)) return null;
    const promptTokensMax = Number(tokens) * (thousands === "k" ? 1000 : 1);
    if (promptTokensMax <= (steps.at(-1)?.promptTokensMax ?? -1)) return null;
    steps.push({ promptTokensMax, tier: name });
  }
  const last = steps.at(-1)?.tier;
  return { kind: "sizes", steps, rest: last === "simple" ? "medium" : "complex" };
}

function isTier(name: string | undefined): name is Tier {
  return TIER_NAMES.some((tier) => tier === name);
}

/**
 * The example that routing is often explained with: 100 tasks, each of 10,000 tokens in and 2,000 out.
 * Its prices are a Sonnet's and a Haiku's of before 2026, kept here because the models are not called.
 */
export const EXAMPLE: {
  readonly calls: readonly CallsOfOneSize[];
  readonly prices: PriceByTier;
} = {
  calls: [
    {
      promptTokensMax: 10_000,
      tokens: {
        inputTokens: 1_000_000,
        cacheReadTokens: 0,
        cacheWrite5mTokens: 0,
        cacheWrite1hTokens: 0,
        outputTokens: 200_000,
        webSearchRequests: 0,
      },
    },
  ],
  prices: {
    simple: {
      effectiveFrom: "2024-12-03",
      input: 800_000,
      output: 4_000_000,
      cacheWrite5m: 1_000_000,
      cacheWrite1h: 1_600_000,
      cacheRead: 80_000,
    },
    medium: {
      effectiveFrom: "2024-12-03",
      input: 3_000_000,
      output: 15_000_000,
      cacheWrite5m: 3_750_000,
      cacheWrite1h: 6_000_000,
      cacheRead: 300_000,
    },
    complex: {
      effectiveFrom: "2024-12-03",
      input: 15_000_000,
      output: 75_000_000,
      cacheWrite5m: 18_750_000,
      cacheWrite1h: 30_000_000,
      cacheRead: 1_500_000,
    },
  },
};
