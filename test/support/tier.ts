// How much is asked of the tests: `PAWL_TEST_TIER`, by which jest.config.js chooses suites, chooses here what
// is inside of them. Without it a suite that somebody names runs whole, each kill once.

import { test } from "@jest/globals";

export const TIERS = ["check", "test", "full", "nightly"] as const;
export type Tier = (typeof TIERS)[number];

const tier = TIERS.find((name) => name === process.env["PAWL_TEST_TIER"]) ?? "full";

export function isAtLeast(smallest: Tier): boolean {
  return TIERS.indexOf(tier) >= TIERS.indexOf(smallest);
}

const isNightly = isAtLeast("nightly");

/** A test that takes too long for `npm test`: CI runs it before a change lands. */
export const slowTest: typeof test | typeof test.skip = isAtLeast("full") ? test : test.skip;

/** A test of minutes, whose kind a shorter one shows before each change. */
export const nightlyTest: typeof test | typeof test.skip = isNightly ? test : test.skip;

/** How often chaos tests play each case. */
export const ROUNDS = Number(process.env["PAWL_CHAOS_ROUNDS"] ?? (isNightly ? 20 : 1));

/** How many examples a property is tried with: fewer where each takes long, ten times as many at night. */
export function propertyRuns(whole: number, inShort: number = whole): number {
  if (isNightly) return 10 * whole;
  return isAtLeast("full") ? whole : inShort;
}
