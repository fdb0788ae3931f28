// Parts of a stack start in any order; only one that stays away is an error.

import { setTimeout as delay } from "node:timers/promises";
import { isPawlError, type ErrorCode } from "../domain/errors.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

const STARTUP_PATIENCE_MS = 30_000;
const RETRY_MS = { first: 200, max: 5000 } as const;

/** No waiting mends these. */
const FINAL: readonly ErrorCode[] = [
  "CONFIG",
  "DATABASE_LOGIN",
  "DATABASE_TLS",
  "NAMESPACE_NOT_FOUND",
  "FILE_UNUSABLE",
  "SCHEMA_FOREIGN",
];

/** Tells what it waits for, once for each reason. Throws what it was last told, where the patience is over. */
export async function patiently<T>(telemetry: Telemetry, connect: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STARTUP_PATIENCE_MS;
  let told = "";
  for (let retryMs: number = RETRY_MS.first; ; retryMs = Math.min(retryMs * 2, RETRY_MS.max)) {
    try {
      return await connect();
    } catch (error) {
      if (!isPawlError(error) || FINAL.includes(error.code) || Date.now() > deadline) throw error;
      const { code, message } = error;
      if (message !== told) telemetry.emit({ event: "worker_waiting", code, message });
      told = message;
      await delay(retryMs);
    }
  }
}
