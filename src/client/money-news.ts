// What viewers are told of a run's money beside its figures: limits that are lower than was asked, and replies of
// which nobody knows what they used. Pure.

import { usdOf } from "../domain/money.ts";
import { LIMIT_TABLE } from "../domain/limit-table.ts";
import type { LimitLowered, UsageEstimated } from "../domain/run-event.ts";
import type { CallerLimits, Limits } from "../domain/limits.ts";
import type { Reply } from "../domain/call.ts";
import type { EventBody } from "./event-body.ts";
import type { ToldRun } from "./told-run.ts";

export function limitsLowered(
  { input }: ToldRun,
  allowed: Limits,
): readonly EventBody<LimitLowered>[] {
  const asked: CallerLimits = input?.limits ?? {};
  const rows = [{ limit: "cost", field: "costMicroUsd" } as const, ...LIMIT_TABLE];
  return rows.flatMap(({ limit, field }) => {
    const wanted = asked[field] ?? 0;
    if (wanted <= allowed[field]) return [];
    const inUnits = (amount: number): number => (limit === "cost" ? usdOf(amount) : amount);
    const lowered = { asked: inUnits(wanted), allowed: inUnits(allowed[field]) };
    return [{ type: "limit.lowered", limit, ...lowered }];
  });
}

export function usageEstimated(
  { state: { memory } }: ToldRun,
  turn: number,
  { estimated }: Reply,
): readonly EventBody<UsageEstimated>[] {
  if (estimated === undefined || estimated === "stopped") return [];
  const isKnown = memory?.counts.estimated.includes(estimated) ?? false;
  return isKnown ? [] : [{ type: "usage.estimated", turn, reason: estimated }];
}
