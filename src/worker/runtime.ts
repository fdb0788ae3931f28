// Core's own log lines join ours; once a process, before any worker. In a program that has a runtime already, its
// owner has said how it logs.

import { IllegalStateError } from "@temporalio/common";
import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { HEARTBEAT_EVERY_MS } from "../temporal/heartbeats.ts";
import { temporalLines } from "../telemetry/temporal-lines.ts";

export function installRuntime(telemetry: Telemetry): void {
  try {
    Runtime.install({
      workerHeartbeatInterval: HEARTBEAT_EVERY_MS,
      logger: new DefaultLogger("INFO", temporalLines(telemetry)),
      telemetryOptions: { logging: { forward: {}, filter: { core: "WARN", other: "ERROR" } } },
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
