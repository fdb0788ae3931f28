// What a token costs. Absolute prices, dated, never derived from one another: cache prices are no
// fixed multiple of the input price any more. Unit: micro-USD per million tokens.
// Source: Anthropic's public price list as of 2026-11-21 (docs/money.md says how to update it).

export interface Rates {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
}

export interface Price extends Rates {
  /** First day (UTC) on which these prices hold. */
  readonly effectiveFrom: string;
  /** When the prompt is longer than `promptTokensOver`, every token of that call costs these rates. */
  readonly longContext?: { readonly promptTokensOver: number; readonly rates: Rates };
}

/** When the provider serves the model for the last time (UTC), and who does from then on. */
export interface ModelEnd {
  readonly lastDay: string;
  readonly instead: string;
}

export interface ModelSpec {
  readonly contextTokens: number;
  readonly replyTokensMax: number;
  /** Shortest prefix the provider caches. */
  readonly cacheTokensMin: number;
  /** Upper bound on what the provider adds to the prompt when tools are offered. */
  readonly toolPromptTokensMax: number;
  /** Newest first. */
  readonly prices: readonly Price[];
  /** Absent while the provider has named no day. */
  readonly end?: ModelEnd;
}

/** One server-side web search, in micro-USD. */
export const WEB_SEARCH_MICRO_USD = 10_000;

/**
 * What one search may add to the prompt while the call runs. The provider sets no bound, so this is a
 * declared allowance: the caps rest on it, and what goes beyond it is charged and reported.
 */
export const WEB_SEARCH_TOKENS_ALLOWED = 8000;

/** `usd(2, 10, 2.5, 4, 0.1)`: dollars per million tokens, as the price list prints them. */
function usd(
  ...[input, output, cacheWrite5m, cacheWrite1h, cacheRead]: readonly [
    number,
    number,
    number,
    number,
    number,
  ]
): Rates {
  const microUsd = (dollars: number): number => Math.round(dollars * 1_000_000);
  return {
    input: microUsd(input),
    output: microUsd(output),
    cacheWrite5m: microUsd(cacheWrite5m),
    cacheWrite1h: microUsd(cacheWrite1h),
    cacheRead: microUsd(cacheRead),
  };
}

const large = { contextTokens: 1_000_000, replyTokensMax: 128_000, toolPromptTokensMax: 800 };
const small = { contextTokens: 200_000, replyTokensMax: 64_000, toolPromptTokensMax: 800 };

export const MODELS: Readonly<Record<string, ModelSpec>> = {
  "claude-fable-5-2": {
    ...large,
    cacheTokensMin: 512,
    prices: [{ effectiveFrom: "2026-11-09", ...usd(8, 40, 10, 16, 0.2) }],
  },
  "claude-fable-5-1": {
    ...large,
    cacheTokensMin: 512,
    prices: [{ effectiveFrom: "2026-09-01", ...usd(10, 50, 12.5, 20, 0.25) }],
  },
  "claude-fable-5": {
    ...large,
    cacheTokensMin: 512,
    prices: [{ effectiveFrom: "2026-06-09", ...usd(10, 50, 12.5, 20, 1) }],
  },
  "claude-opus-5-5": {
    ...large,
    cacheTokensMin: 512,
    prices: [{ effectiveFrom: "2026-09-22", ...usd(4, 20, 5, 8, 0.2) }],
  },
  "claude-opus-5": {
    ...large,
    cacheTokensMin: 512,
    prices: [{ effectiveFrom: "2026-07-24", ...usd(5, 25, 6.25, 10, 0.5) }],
  },
  "claude-opus-4-8": {
    ...large,
    cacheTokensMin: 1024,
    prices: [{ effectiveFrom: "2026-05-28", ...usd(5, 25, 6.25, 10, 0.5) }],
  },
  "claude-opus-4-5": {
    ...small,
    cacheTokensMin: 4096,
    prices: [{ effectiveFrom: "2026-01-01", ...usd(5, 25, 6.25, 10, 0.5) }],
    end: { lastDay: "2027-01-22", instead: "claude-opus-5-5" },
  },
  "claude-sonnet-5-5": {
    ...large,
    cacheTokensMin: 512,
    prices: [
      { effectiveFrom: "2026-10-07", ...usd(2, 10, 2.5, 4, 0.1) },
      { effectiveFrom: "2026-09-28", ...usd(2, 10, 2.5, 4, 0.2) },
    ],
  },
  "claude-sonnet-5": {
    ...large,
    cacheTokensMin: 1024,
    prices: [{ effectiveFrom: "2026-06-30", ...usd(2, 10, 2.5, 4, 0.2) }],
  },
  "claude-sonnet-4-6": {
    ...large,
    cacheTokensMin: 1024,
    prices: [{ effectiveFrom: "2026-01-01", ...usd(3, 15, 3.75, 6, 0.3) }],
  },
  "claude-sonnet-4-5": {
    ...small,
    cacheTokensMin: 1024,
    prices: [{ effectiveFrom: "2026-01-01", ...usd(3, 15, 3.75, 6, 0.3) }],
    end: { lastDay: "2026-11-30", instead: "claude-sonnet-5-5" },
  },
  "claude-haiku-5-5": {
    ...large,
    cacheTokensMin: 512,
    prices: [
      {
        effectiveFrom: "2026-10-07",
        ...usd(0.1, 0.5, 0.125, 0.2, 0.01),
        longContext: { promptTokensOver: 100_000, rates: usd(0.5, 2.5, 0.625, 1, 0.05) },
      },
    ],
  },
  "claude-haiku-4-5": {
    ...small,
    cacheTokensMin: 4096,
    prices: [{ effectiveFrom: "2026-01-01", ...usd(1, 5, 1.25, 2, 0.1) }],
  },
};

/** The class of model a task needs, and the model that serves it today. */
export const TIERS = {
  simple: "claude-haiku-5-5",
  medium: "claude-sonnet-5-5",
  complex: "claude-opus-5-5",
} as const;

export type Tier = keyof typeof TIERS;
