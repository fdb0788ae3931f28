// Beside what a new run needs: whether the lines of this gateway's own log arrive. A run needs none of them.

import type { LogState } from "../telemetry/line-writer.ts";
import type { Health, HealthCheck, HealthReport } from "./health.ts";

export function withLogCheck(health: Health, logState: () => LogState): Health {
  return {
    async report() {
      const { status, checks } = await health.report();
      const log = checkOf(logState());
      return { status: worseOf(status, log), checks: { ...checks, log } };
    },
  };
}

function checkOf(state: LogState): HealthCheck {
  if (state.kind === "kept") return { status: "ok", latencyMs: 0 };
  const { why, lines, from } = state;
  const detail = `${lines.toLocaleString("en-US")} lines are lost since ${from}: ${why}`;
  return { status: "failing", latencyMs: 0, detail };
}

function worseOf(status: HealthReport["status"], log: HealthCheck): HealthReport["status"] {
  return status === "healthy" && log.status === "failing" ? "degraded" : status;
}
