// Follows the events of one run by fetch, because EventSource can't send an Authorization header.
// Goes on behind the last event it saw, for as long as it takes; a dropped stream is not an end.

import type { RunEvent } from "../../domain/run-event.ts";
import { api, GatewayError, authorized, heedStatus, problemOf } from "./api.ts";
import { createSseParser } from "./sse-parser.ts";

export type StreamState =
  | { readonly kind: "connecting" | "live" | "ended" }
  | { readonly kind: "away"; readonly why: string; readonly againAtMs: number }
  | { readonly kind: "refused"; readonly error: GatewayError };

export interface Following {
  readonly runId: string;
  readonly onEvent: (event: RunEvent) => void;
  readonly onState: (state: StreamState) => void;
  /** The service does not know the last event any more: all of them will be told again. */
  readonly onRestart: () => void;
}

/** The gateway sends a beat each 15 s; without one the connection is dead, whatever TCP believes. */
const SILENCE_MS = 40_000;
const RETRY_MS = 1000;
const RETRY_MAX_MS = 10_000;

/** Returns how to stop. */
export function followRun(following: Following): () => void {
  const leaving = new AbortController();
  void goOn(following, leaving.signal);
  return () => leaving.abort();
}

interface Position {
  lastId: string | null;
  hasEnded: boolean;
  retryMs: number;
}

async function goOn(following: Following, leaving: AbortSignal): Promise<void> {
  const position: Position = { lastId: null, hasEnded: false, retryMs: RETRY_MS };
  let failures = 0;
  while (!leaving.aborted && !position.hasEnded) {
    const before = position.lastId;
    if (failures === 0) following.onState({ kind: "connecting" });
    const why = await readOnce(following, position, leaving).then(
      () => "the stream ended",
      (error: unknown) => error,
    );
    if (leaving.aborted) return;
    if (why instanceof GatewayError && isFinal(why)) {
      return following.onState({ kind: "refused", error: why });
    }
    if (why instanceof GatewayError && why.status === 400 && position.lastId !== null) {
      position.lastId = null;
      following.onRestart();
    }
    if (position.hasEnded) break;
    failures = position.lastId === before ? failures + 1 : 1;
    await wait(backOff(position.retryMs, failures), { following, why: messageOf(why), leaving });
  }
  if (!leaving.aborted) following.onState({ kind: "ended" });
}

function messageOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}

function isFinal({ status }: GatewayError): boolean {
  return status === 401 || status === 403 || status === 404;
}

async function readOnce(
  following: Following,
  position: Position,
  leaving: AbortSignal,
): Promise<void> {
  const silent = new AbortController();
  const alarm = { id: setTimeout(() => {}, 0) };
  const heard = (): void => {
    clearTimeout(alarm.id);
    alarm.id = setTimeout(() => silent.abort(new Error("no sign of life")), SILENCE_MS);
  };
  heard();
  try {
    const resume = position.lastId === null ? {} : { "last-event-id": position.lastId };
    const response = await fetch(api.events(following.runId), {
      headers: authorized({ accept: "text/event-stream", ...resume }),
      signal: AbortSignal.any([leaving, silent.signal]),
    });
    heedStatus(response.status);
    if (!response.ok || response.body === null) throw await problemOf(response);
    following.onState({ kind: "live" });
    await readBody(response.body.getReader(), { following, position, heard });
  } finally {
    clearTimeout(alarm.id);
  }
}

async function readBody(
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  { following, position, heard }: { following: Following; position: Position; heard: () => void },
): Promise<void> {
  const parser = createSseParser();
  const decoder = new TextDecoder();
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    for (const { id, data } of parser.push(decoder.decode(value, { stream: true }))) {
      const event: RunEvent = JSON.parse(data);
      if (id !== null) position.lastId = id;
      following.onEvent(event);
      if (event.type === "run.ended") position.hasEnded = true;
    }
    position.retryMs = parser.retryMs() ?? position.retryMs;
  }
}

/** Many pages must not come back in the same moment. */
function backOff(retryMs: number, failures: number): number {
  const ms = Math.min(retryMs * 2 ** (failures - 1), RETRY_MAX_MS);
  return ms * (0.75 + Math.random() / 2);
}

async function wait(
  ms: number,
  { following, why, leaving }: { following: Following; why: string; leaving: AbortSignal },
): Promise<void> {
  following.onState({ kind: "away", why, againAtMs: Date.now() + ms });
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    const now = (): void => {
      clearTimeout(timer);
      resolve();
    };
    window.addEventListener("online", now, { once: true, signal: leaving });
    leaving.addEventListener("abort", now, { once: true });
  });
}
