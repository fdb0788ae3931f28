// Parts of a stack start in any order; only one that stays away is an error.

import { setTimeout as delay } from "node:timers/promises";
import { isPawlError } from "../domain/errors.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const STARTUP_PATIENCE_MS = 30_000;
const RETRY_MS = { first: 200, max: 2000 } as const;

/** Says once what it waits for. Throws what it was last told, where the patience is over. */
export async function patiently<T>(telemetry: Telemetry, connect: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STARTUP_PATIENCE_MS;
  let retryMs: number = RETRY_MS.first;
  let said: string | null = null;
  while (true) {
    try {
      return await connect();
    } catch (error) {
      if (!isPawlError(error) || Date.now() > deadline) throw error;
      const { code, message } = error;
      if (message !== said) telemetry.emit({ event: "worker_waiting", code, message });
      said = message;
      await delay(retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS.max);
    }
  }
}
