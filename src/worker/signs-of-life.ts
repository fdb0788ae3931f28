// What tells others that the attempts of this process live, and tells it what they want stopped. It has a
// connection of its own: no renewal waits behind the money, or for a connection that has gone silent.

import type { ActivityDeps } from "../../activities/index.ts";
import { RunningAttempts } from "../../activities/running-attempts.ts";
import { openDatabase, type DatabaseWhere } from "../store/database.ts";
import { createLeases } from "../store/leases.ts";
import { createStops } from "../store/stops.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { keepLease, type KeptLease } from "./keep-lease.ts";

const TIMEOUT_MIN_MS = 1000;

export type SignsOfLife = Pick<ActivityDeps, "lease" | "stops" | "running">;

export interface OpenSigns extends SignsOfLife {
  readonly lease: KeptLease;
  readonly running: RunningAttempts;
  /** For a worker that has closed its last attempt. */
  end(): Promise<void>;
}

export function openSigns(
  where: DatabaseWhere,
  heartbeatTimeoutMs: number,
  telemetry: Telemetry,
): OpenSigns {
  const db = openDatabase(where, {
    connectionsMax: 1,
    timeoutMs: Math.max(TIMEOUT_MIN_MS, heartbeatTimeoutMs / 3),
  });
  const lease = keepLease(createLeases(db), heartbeatTimeoutMs, telemetry);
  return {
    lease,
    stops: createStops(db),
    running: new RunningAttempts(),
    async end() {
      await lease.end();
      await db.end();
    },
  };
}
