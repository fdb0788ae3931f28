// A call to execute a tool for.

import pino from "pino";
import type { ToolContext } from "../../../activities/tools/define-tool.ts";

export function contextFor(given: Partial<ToolContext> = {}): ToolContext {
  return {
    runId: "run_1",
    tenant: "local",
    callId: "1.1",
    idempotencyKey: "run_1/1/1/4bf5122f344554c5",
    attempt: 1,
    signal: new AbortController().signal,
    heartbeat: () => undefined,
    progress: () => undefined,
    log: pino({ level: "silent" }),
    ...given,
  };
}
