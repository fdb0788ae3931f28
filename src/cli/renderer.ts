// How a run is shown while it goes on. Contract: `event` is called with each event, once and in
// order; `close` comes last, whether or not the run has ended.

import type { RunEvent } from "../domain/run-event.ts";

export interface Renderer {
  event(event: RunEvent): void;
  /** What Pawl has to say itself: no worker, no connection, detached. */
  notice(text: string): void;
  /** Brings the cursor to the start of an empty line, and keeps still until the next event. */
  freshLine(): void;
  close(): void;
}
