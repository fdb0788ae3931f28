// What nobody else does: once a minute a worker looks after what was left behind. Any number of
// workers may do it at once.

import type { ActivityDeps } from "../../activities/index.ts";
import { takeCostAlerts } from "../store/cost-alerts.ts";
import type { Database } from "../store/database.ts";
import { pruneDeltas } from "../store/deltas.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const SWEEP_EVERY_MS = 60_000;
const DELTAS_KEPT_MS = 3_600_000;

/** Until what it returns is called. */
export function keepSweeping(db: Database, deps: ActivityDeps): () => void {
  const sweeping = setInterval(() => void sweep(db, deps), SWEEP_EVERY_MS);
  return () => clearInterval(sweeping);
}

/** Resolves holds whose attempt nobody will ever end, e.g. of a run that was terminated. */
async function sweep(db: Database, { ledger, telemetry }: ActivityDeps): Promise<void> {
  try {
    const lost = await ledger.sweep();
    if (lost > 0) telemetry.emit({ event: "holds_swept", lost });
    await tellOfCosts(db, telemetry);
    await pruneDeltas(db, DELTAS_KEPT_MS);
  } catch (error) {
    telemetry.emit({ event: "sweep_failed", error });
  }
}

async function tellOfCosts(db: Database, telemetry: Telemetry): Promise<void> {
  for (const alert of await takeCostAlerts(db, new Date())) {
    telemetry.emit({ event: "cost_alert", ...alert });
  }
}
