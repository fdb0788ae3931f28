// An event without what its place in the stream gives it: id, run and time.

import type { RunEvent } from "../domain/run-event.ts";

export type EventBody<Event = RunEvent> = Event extends RunEvent
  ? Omit<Event, "id" | "runId" | "ts">
  : never;
