// Money is counted in whole micro-USD, and leaves in USD, as people read and write it.

const MICRO_PER_USD = 1_000_000;

export function usdOf(microUsd: number): number;
/** Null where there is no such amount, e.g. no cap. */
export function usdOf(microUsd: number | null): number | null;
export function usdOf(microUsd: number | null): number | null {
  return microUsd === null ? null : microUsd / MICRO_PER_USD;
}

export function microUsdOf(usd: number): number {
  return Math.round(usd * MICRO_PER_USD);
}

/** Half a cent and less still shows digits; nothing is ever shown as zero that is not. */
export function formatUsd(microUsd: number): string {
  const dollars = usdOf(microUsd);
  return `$${dollars.toFixed(dollars >= 1 ? 2 : dollars >= 0.01 ? 4 : 6)}`;
}
