// How workflow code tells of an event: through Temporal's own log, which is silent while a history is
// replayed. The worker makes an event of the line (src/telemetry/temporal-lines.ts).

import { log, workflowInfo } from "@temporalio/workflow";
import type { EventOf } from "../src/telemetry/event.ts";

type Told = "approval_requested" | "approval_decided" | "tool_denied";
type WithoutRun<Event> = Event extends unknown ? Omit<Event, "runId"> : never;

export function tell(event: WithoutRun<EventOf<Told>>): void {
  log.info(event.event, { ...event, runId: workflowInfo().workflowId });
}
