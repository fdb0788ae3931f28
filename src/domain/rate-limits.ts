// The rate limits of a provider: so much a minute of each kind. Input that its cache serves counts in none.

import type { Usage } from "./usage.ts";

const RATE_KINDS = ["requests", "input", "output"] as const;

type RateKind = (typeof RATE_KINDS)[number];

/** Requests, and tokens of input and output. */
export type Amounts = Readonly<Record<RateKind, number>>;

/** As the provider's last answer has them; it may name none, or not all. */
export type RateLimits = Readonly<
  Partial<Record<RateKind, { readonly limit: number; readonly remaining: number }>>
>;

/** So much left of each limit is enough for any burst: until then nobody need keep count. */
const PLENTY = 0.5;

export function isTight(limits: RateLimits): boolean {
  return RATE_KINDS.some((kind) => {
    const seen = limits[kind];
    return seen !== undefined && seen.remaining < seen.limit * PLENTY;
  });
}

export function countedBy(usage: Usage): Amounts {
  const { inputTokens, cacheWrite5mTokens, cacheWrite1hTokens, outputTokens } = usage;
  return {
    requests: 1,
    input: inputTokens + cacheWrite5mTokens + cacheWrite1hTokens,
    output: outputTokens,
  };
}
