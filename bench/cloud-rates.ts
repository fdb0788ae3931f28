// What Temporal Cloud asks for an action and for keeping histories, pay as you go, first tier. Put in what
// you pay: https://docs.temporal.io/cloud/pricing.

export const CLOUD_RATES = {
  asOf: "2026-11-26",
  actionUsd: 50 / 1_000_000,
  /** Of an open run, and of one that has ended. */
  activeGbHourUsd: 0.042,
  retainedGbHourUsd: 0.00105,
};
