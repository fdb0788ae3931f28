// The accounts that a call of a run is charged to, from its own up to the whole world's day. Caps
// are the operator's and read at every call; a caller can only lower the run's own.

import type { Config } from "../src/config.ts";
import type { CallModelInput } from "../src/domain/run.ts";
import type { Account } from "../src/store/ledger.ts";

type Caps = Pick<
  Config,
  | "PAWL_RUN_CAP_USD"
  | "PAWL_SESSION_CAP_USD"
  | "PAWL_TENANT_DAY_CAP_USD"
  | "PAWL_TENANT_MONTH_CAP_USD"
  | "PAWL_GLOBAL_DAY_CAP_USD"
>;

export function accountsOf(
  runId: string,
  { tenant, session, costCapMicroUsd }: CallModelInput,
  caps: Caps,
  now: Date,
): readonly Account[] {
  const day = now.toISOString().slice(0, 10);
  const month = day.slice(0, 7);
  return [
    {
      key: `run/${runId}`,
      limit: "cost",
      capMicroUsd: Math.min(caps.PAWL_RUN_CAP_USD, costCapMicroUsd ?? caps.PAWL_RUN_CAP_USD),
      resetsAt: null,
    },
    {
      key: `session/${tenant}/${session}`,
      limit: "session",
      capMicroUsd: caps.PAWL_SESSION_CAP_USD ?? null,
      resetsAt: null,
    },
    {
      key: `tenant/${tenant}/${day}`,
      limit: "tenant_day",
      capMicroUsd: caps.PAWL_TENANT_DAY_CAP_USD,
      resetsAt: startOfDay(now, 1),
    },
    {
      key: `tenant/${tenant}/${month}`,
      limit: "tenant_month",
      capMicroUsd: caps.PAWL_TENANT_MONTH_CAP_USD ?? null,
      resetsAt: startOfNextMonth(now),
    },
    {
      key: `global/${day}`,
      limit: "global_day",
      capMicroUsd: caps.PAWL_GLOBAL_DAY_CAP_USD ?? null,
      resetsAt: startOfDay(now, 1),
    },
  ];
}

function startOfDay(now: Date, daysAhead: number): string {
  return new Date(
    Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + daysAhead),
  ).toISOString();
}

function startOfNextMonth(now: Date): string {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString();
}
