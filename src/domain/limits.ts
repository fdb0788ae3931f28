// What a run may use. Checked in the workflow from history alone, before each model call; caps that
// several runs share are the ledger's business.

import { byLimit, RUN_LIMITS, type LimitField, type RunLimitRow } from "./limit-table.ts";
import { dollars } from "./money.ts";
import type { Limit } from "./outcome.ts";

export interface Limits extends Readonly<Record<LimitField, number>> {
  readonly costMicroUsd: number;
  /** From the start of the run, waiting included; null means no end. */
  readonly wallClockMs: number | null;
}

/** What a caller asks for; every field can only lower what the operator allows. */
export type CallerLimits = Partial<Limits>;

export interface Used extends Readonly<Record<RunLimitRow["field"], number>> {
  readonly costMicroUsd: number;
}

export interface LimitHit {
  readonly limit: Limit;
  readonly message: string;
}

export interface Warning {
  readonly limit: Limit;
  /** Micro-USD for caps on money, else tokens or calls. */
  readonly used: number;
  readonly cap: number;
}

/** The smallest reply worth paying for; with less left, the run stops with what it has. */
export const USEFUL_REPLY_TOKENS = 256;

const WARN_AT = 0.8;

const COUNTED = [{ limit: "cost", field: "costMicroUsd", what: null } as const, ...RUN_LIMITS];

/** The operator's limits, lowered by what the caller asked for. */
export function lowered(operator: Limits, caller: CallerLimits): Limits {
  const min = (a: number, b: number | undefined): number => (b === undefined ? a : Math.min(a, b));
  const callerClock = caller.wallClockMs ?? null;
  return {
    costMicroUsd: min(operator.costMicroUsd, caller.costMicroUsd),
    ...byLimit(({ field }) => min(operator[field], caller[field])),
    wallClockMs:
      callerClock === null
        ? operator.wallClockMs
        : Math.min(operator.wallClockMs ?? callerClock, callerClock),
  };
}

export function limitHit(limits: Limits, used: Used): LimitHit | null {
  for (const { limit, field, what } of COUNTED) {
    if (used[field] < limits[field]) continue;
    const [have, of] = [used[field], limits[field]];
    const text = what === null ? `${dollars(have)} of ${dollars(of)}` : `${have} of ${of} ${what}`;
    return { limit, message: `the run used ${text}` };
  }
  const tokensLeft = limits.tokens - used.tokens;
  if (tokensLeft < USEFUL_REPLY_TOKENS) {
    return { limit: "tokens", message: `only ${tokensLeft} of ${limits.tokens} tokens are left` };
  }
  return null;
}

/** Caps that are at least 80 % used and were not warned of before. */
export function warningsDue(
  limits: Limits,
  used: Used,
  shared: readonly Warning[],
  warned: readonly Limit[],
): readonly Warning[] {
  const own = COUNTED.map(({ limit, field }) => ({
    limit,
    used: used[field],
    cap: limits[field],
  }));
  const due = [...own, ...shared.filter((warning) => warning.limit !== "cost")];
  return due.filter(({ limit, used: u, cap }) => u >= cap * WARN_AT && !warned.includes(limit));
}

/** Told to the model, so that it can finish with what is left. */
export function warningNote(warnings: readonly Warning[]): string {
  const shares = warnings.map(({ limit, used, cap }) => {
    const percent = Math.floor((used / cap) * 100);
    return `${percent} % of the ${limit.replaceAll("_", " ")} budget`;
  });
  return `Budget notice: ${shares.join(" and ")} is used. Wrap up: answer with what you have.`;
}
