// Parts of a stack start in any order; only one that stays away is an error.

import { setTimeout as delay } from "node:timers/promises";
import { isPawlError } from "../domain/errors.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const STARTUP_PATIENCE_MS = 30_000;
const STARTUP_RETRY_MS = 200;

/** Tells of each wait. Throws what it was last told, where the patience is over. */
export async function patiently<T>(telemetry: Telemetry, connect: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STARTUP_PATIENCE_MS;
  while (true) {
    try {
      return await connect();
    } catch (error) {
      if (!isPawlError(error) || Date.now() > deadline) throw error;
      telemetry.emit({ event: "worker_waiting", code: error.code, message: error.message });
      await delay(STARTUP_RETRY_MS);
    }
  }
}
