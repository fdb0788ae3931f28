// Tenants that spend far more than they use to. Each is told of once a day, however many workers look.

import { dayOf } from "../domain/budget.ts";
import type { Database } from "./database.ts";

export interface CostAlert {
  readonly tenant: string;
  readonly spentMicroUsd: number;
  /** A day's, over the week before. */
  readonly averageMicroUsd: number;
}

/** More than this many times the average of a day. */
const ALERT_AT_TIMES = 3;

/** Those that nobody has been told of today. */
export async function takeCostAlerts(db: Database, now: Date): Promise<readonly CostAlert[]> {
  const rows = await db<{ alerts: readonly CostAlert[] }>`
    select pawl.cost_alerts(${dayOf(now)}::date, ${ALERT_AT_TIMES}) as alerts`;
  return rows[0]?.alerts ?? [];
}
