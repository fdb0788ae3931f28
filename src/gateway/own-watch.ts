// A viewer that needs events which the shared log has let go: it gets a watch of its own, which is read
// no faster than its socket takes it.

import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { RunEvent } from "../domain/run-event.ts";
import { frameOf } from "./event-log.ts";

export async function writeWatch(
  watch: (signal: AbortSignal) => AsyncIterable<RunEvent>,
  response: ServerResponse,
  stallMs: number,
): Promise<void> {
  const leaving = new AbortController();
  response.once("close", () => leaving.abort());
  for await (const event of watch(leaving.signal)) {
    if (response.destroyed) return;
    if (!response.write(frameOf(event).bytes)) await drained(response, stallMs);
  }
  response.end();
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
