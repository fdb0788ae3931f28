// Core's own log lines join ours; once a process, before any worker.

import { DefaultLogger, Runtime } from "@temporalio/worker";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { HEARTBEAT_EVERY_MS } from "../temporal/heartbeats.ts";
import { temporalLines } from "../telemetry/temporal-lines.ts";

export function installRuntime(telemetry: Telemetry): void {
  Runtime.install({
    workerHeartbeatInterval: HEARTBEAT_EVERY_MS,
    logger: new DefaultLogger("INFO", temporalLines(telemetry)),
    telemetryOptions: { logging: { forward: {}, filter: { core: "WARN", other: "ERROR" } } },
  });
}
