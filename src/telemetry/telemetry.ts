// Where events are told, and the only place: whoever wants to know of them subscribes. The log is the
// first subscriber; metrics, spans and alerts are further ones.
//
// Invariants; each number is also the name of a test.
//   Y1. No telling is worth a run: a subscriber that fails disturbs neither the teller nor the others.

import type { Config } from "../config.ts";
import { tellingOf, type TelemetryEvent } from "./event.ts";
import { createLog, logging, type Log } from "./log.ts";
import type { Telling } from "./telling.ts";

export type Subscriber = (event: TelemetryEvent, telling: Telling) => void;

export interface Telemetry {
  readonly emit: (event: TelemetryEvent) => void;
  /** For what is no event: a tool's own lines, and what Temporal's core has to say. */
  readonly log: Log;
}

export interface TelemetryTerms {
  readonly subscribers?: readonly Subscriber[];
  /** What no line of the log may hold (secrets.ts). */
  readonly secrets?: readonly string[];
}

export function openTelemetry(
  config: Config["log"],
  { subscribers = [], secrets = [] }: TelemetryTerms = {},
): Telemetry {
  const log = createLog(config, secrets);
  return createTelemetry(log, [logging(log), ...subscribers]);
}

export function createTelemetry(log: Log, subscribers: readonly Subscriber[]): Telemetry {
  return {
    log,
    emit(event) {
      const telling = tellingOf(event);
      for (const tell of subscribers) {
        try {
          tell(event, telling);
        } catch {
          // There is nobody left to tell.
        }
      }
    },
  };
}
