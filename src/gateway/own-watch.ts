// A viewer to whom the shared log can't tell what it lacks: it gets a watch of its own, which is read no
// faster than its socket takes it, until it stands where the log stands and can go on there with the others.

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { EventId } from "../client/event-id.ts";
import type { RunEvent } from "../domain/run-event.ts";
import { frameOf } from "./frames.ts";

export interface OwnWatch {
  readonly watch: (signal: AbortSignal) => AsyncIterable<RunEvent>;
  readonly stallMs: number;
  /** Whether the log has all that is behind this event. */
  readonly isLogged: (id: EventId) => boolean;
}

/** Behind these every log of the run stands alike: no text is in flight, or it is whole. */
const JOINTS: readonly RunEvent["type"][] = ["turn.started", "reply.finished"];

/** Returns behind which event the viewer goes on with the others; null where its connection has ended. */
export async function writeWatch(
  response: ServerResponse,
  { watch, stallMs, isLogged }: OwnWatch,
): Promise<EventId | null> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  response.once("close", leave);
  try {
    for await (const event of watch(leaving.signal)) {
      if (response.destroyed) return null;
      const { id, bytes } = frameOf(event);
      if (!response.write(bytes)) await drained(response, stallMs);
      if (JOINTS.includes(event.type) && isLogged(id)) return id;
    }
    response.end();
    return null;
  } finally {
    response.off("close", leave);
  }
}

async function drained(response: ServerResponse, stallMs: number): Promise<void> {
  const stalled = setTimeout(() => response.destroy(), stallMs);
  const left = new AbortController();
  const leave = (): void => left.abort();
  response.once("close", leave);
  try {
    if (!response.destroyed) await once(response, "drain", { signal: left.signal });
  } catch (error) {
    if (!left.signal.aborted) throw error;
  } finally {
    clearTimeout(stalled);
    response.off("close", leave);
  }
}
