// All that Pawl tells of itself, as one union: the name of an event, its fields in domain words with
// units last, and how it reads (its severity, whether it is an alert, one sentence). A log line is one
// view of an event; a metric, a span and an alert are others. Workflow code may import the types of
// this folder, which are gone when it is bundled, and nothing else of it.
//
// A new event is a member and a sentence in one of the groups, and an `emit` where it happens.

import { CALL_TELLINGS, type CallEvents } from "./call-events.ts";
import { PROCESS_TELLINGS, type ProcessEvents } from "./process-events.ts";
import { RUN_TELLINGS, type RunEvents } from "./run-events.ts";
import type { Telling, Tellings } from "./telling.ts";

type Events = RunEvents & CallEvents & ProcessEvents;

export type EventName = keyof Events;

export type EventOf<Name extends EventName> = {
  [N in Name]: { readonly event: N } & Events[N];
}[Name];

export type TelemetryEvent = EventOf<EventName>;

const TELLINGS: Tellings<Events> = { ...RUN_TELLINGS, ...CALL_TELLINGS, ...PROCESS_TELLINGS };

export function tellingOf<Name extends EventName>(event: EventOf<Name>): Telling {
  return TELLINGS[event.event](event);
}

export function isEventName(name: unknown): name is EventName {
  return typeof name === "string" && Object.hasOwn(TELLINGS, name);
}
