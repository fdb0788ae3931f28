// Where events are told, and the only place: whoever wants to know of them subscribes. The log is the
// first subscriber; metrics, spans and alerts are further ones.
//
// Invariants; each number is also the name of a test.
//   Y1. No telling is worth a run: a subscriber that fails, at once or later, disturbs neither the teller nor the
//       others.

import type { Config } from "../config.ts";
import { tellingOf, type TelemetryEvent } from "./event.ts";
import type { LogState } from "./line-writer.ts";
import { logging, openLog, type Log, type OpenLog } from "./log.ts";
import type { Telling } from "./telling.ts";

/** What it returns may be a promise, of one that delivers elsewhere; nobody waits for it. */
export type Subscriber = (event: TelemetryEvent, telling: Telling) => unknown;

export interface Telemetry {
  readonly emit: (event: TelemetryEvent) => void;
  /** For what is no event: a tool's own lines, and what Temporal's core has to say. */
  readonly log: Log;
  /** Whether the lines of the log arrive. */
  readonly logState: () => LogState;
  /** For whoever has renamed the log's file. Never throws: what went wrong stands in the log. */
  readonly reopenLog: () => void;
}

export interface TelemetryTerms {
  readonly subscribers?: readonly Subscriber[];
  /** What no line of the log may hold (secrets.ts). */
  readonly secrets?: readonly string[];
}

/** Throws PawlError where the file of the log can't be opened, and nothing but a person can mend that. */
export function openTelemetry(
  config: Config["log"],
  { subscribers = [], secrets = [] }: TelemetryTerms = {},
): Telemetry {
  const open = openLog(config, secrets);
  return createTelemetry(open, [logging(open.log), ...subscribers]);
}

export function createTelemetry(
  { log, state, reopen }: OpenLog,
  subscribers: readonly Subscriber[],
): Telemetry {
  const emit = (event: TelemetryEvent): void => {
    const telling = tellingOf(event);
    for (const tell of subscribers) {
      try {
        const delivery = tell(event, telling);
        if (delivery instanceof Promise) delivery.catch(nobodyIsLeft);
      } catch {
        nobodyIsLeft();
      }
    }
  };
  const reopenLog = (): void => {
    try {
      reopen();
      emit({ event: "log_reopened" });
    } catch (error) {
      emit({ event: "log_not_reopened", error });
    }
  };
  return { log, emit, logState: state, reopenLog };
}

/** To tell that somebody could not be told. */
function nobodyIsLeft(): void {}
