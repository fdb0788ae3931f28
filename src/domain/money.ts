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

/** As it stands in a sentence. */
export function dollars(microUsd: number): string {
  if (microUsd === 0) return "$0";
  return microUsd < 0 ? `-${formatUsd(-microUsd)}` : formatUsd(microUsd);
}

/** The smallest amount of two digits that is not below: what a person would set as a cap. */
export function roundedUp(microUsd: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, microUsd))) - 1);
  return Math.ceil(microUsd / step) * step;
}

/** Half a cent and less still shows digits; nothing is ever shown as zero that is not. */
export function formatUsd(microUsd: number): string {
  const usd = usdOf(microUsd);
  return `$${usd.toFixed(usd >= 1 ? 2 : usd >= 0.01 ? 4 : 6)}`;
}
