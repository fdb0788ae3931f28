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
  "TEMPORAL_LOGIN",
  "NAMESPACE_NOT_FOUND",
  "FILE_UNUSABLE",
  "SCHEMA_FOREIGN",
];

/** Temporal's runtime has them by now, and nothing that it could end. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Tells what it waits for, once for each reason. Throws what it was last told, where the patience is over, or the
 * process is told to end.
 */
export async function patiently<T>(telemetry: Telemetry, connect: () => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const name of SIGNALS) process.once(name, end);
  try {
    return await retried(telemetry, connect, ending.signal);
  } finally {
    for (const name of SIGNALS) process.removeListener(name, end);
  }
}

async function retried<T>(
  telemetry: Telemetry,
  connect: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const deadline = Date.now() + STARTUP_PATIENCE_MS;
  let told = "";
  for (let retryMs: number = RETRY_MS.first; ; retryMs = Math.min(retryMs * 2, RETRY_MS.max)) {
    try {
      return await connect();
    } catch (error) {
      const isOver = Date.now() > deadline || signal.aborted;
      if (!isPawlError(error) || FINAL.includes(error.code) || isOver) throw error;
      const { code, message } = error;
      if (message !== told) telemetry.emit({ event: "worker_waiting", code, message });
      told = message;
      // Told to end: it looks once more, and goes.
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
