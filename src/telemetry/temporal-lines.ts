// What Temporal's runtime logs: lines of its core, and what workflow code says. A line that names an
// event is one of a run, and is told like any other; Temporal keeps replays silent.

import { isEventName, type TelemetryEvent } from "./event.ts";
import type { Telemetry } from "./telemetry.ts";

type Meta = Readonly<Record<string, unknown>>;

export interface RuntimeLine {
  /** TRACE to ERROR. */
  readonly level: string;
  readonly message: string;
  readonly meta?: Meta;
}

/** Queues of books and of tools have no runs; that is as it should be. */
const NO_NEWS = /^No workflows registered, not polling for workflow tasks/;

export function temporalLines(telemetry: Telemetry): (line: RuntimeLine) => void {
  return ({ level, message, meta }) => {
    if (isEvent(meta)) return telemetry.emit(meta);
    const lower = NO_NEWS.test(message) ? "debug" : level.toLowerCase();
    const severity = lower === "warn" || lower === "error" ? lower : "debug";
    telemetry.log[severity]({ event: "temporal", ...meta }, message);
  };
}

/** Only workflow code of ours names an event, and its compiler has seen the rest of it. */
function isEvent(meta: Meta | undefined): meta is Meta & TelemetryEvent {
  return isEventName(meta?.["event"]);
}
