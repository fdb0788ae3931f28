// A run's events as server-sent events, written to the raw response of Node: several events a write,
// and no framework in between. A stream that ends behind `run.ended` is complete; any other end is a
// connection that was lost, and the browser comes back by itself.

import type { ServerResponse } from "node:http";
import { parseEventId, type EventId } from "../client/event-id.ts";
import type { EventHub } from "./event-hub.ts";

const RETRY = "retry: 1000\n\n";

/**
 * Where the viewer wants to go on: the `Last-Event-ID` header, or `after` of the query. The header
 * counts: a browser that comes back sends the address it began with. Throws PawlError USAGE.
 */
export function resumeAfter(
  lastEventId: string | null | undefined,
  after: string | null | undefined,
): EventId | null {
  const text = [lastEventId, after].find((given) => given != null && given !== "");
  return text == null ? null : parseEventId(text);
}

/** The run exists, and the caller may see it: that has been asked before. */
export function sendEvents(
  hub: EventHub,
  response: ServerResponse,
  { runId, after }: { readonly runId: string; readonly after: EventId | null },
): void {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    // Proxies that compress or gather what they pass on would hold the text back: each heeds another of these.
    "cache-control": "no-store, no-transform",
    "content-encoding": "identity",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  response.socket?.setNoDelay(true);
  response.write(RETRY);
  hub.show(runId, response, after);
}
