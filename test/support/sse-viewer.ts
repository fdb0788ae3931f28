// A browser's side of a run's event stream: reads it over real HTTP and says how it ended. A stream
// that ends behind `run.ended` is complete; every other end is a lost connection.

import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { createParser } from "eventsource-parser";
import type { RunEvent } from "../../src/domain/run-event.ts";

export interface SseOptions {
  readonly after?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onEvent?: (event: RunEvent) => void;
  readonly onComment?: (text: string) => void;
}

export interface SseStream {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly events: readonly RunEvent[];
  /** Cuts the connection. */
  drop(): void;
  /** Stops reading; the socket fills up. */
  freeze(): void;
  readonly ended: Promise<"finished" | "dropped">;
}

/** Rejects where nobody answers. */
export function openSse(url: string, options: SseOptions = {}): Promise<SseStream> {
  return new Promise((resolve, reject) => {
    const resuming = options.after === undefined ? {} : { "last-event-id": options.after };
    // No pool: a socket is one viewer.
    const asked = request(url, { agent: false, headers: { ...resuming, ...options.headers } });
    asked.once("error", reject);
    asked.once("response", (response) => resolve(streamOf(asked, response, options)));
    asked.end();
  });
}

function streamOf(
  asked: ClientRequest,
  response: IncomingMessage,
  { onEvent, onComment }: SseOptions,
): SseStream {
  const events: RunEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      const told = JSON.parse(data) as RunEvent;
      if (told.id !== id || told.type !== event) throw new Error(`${id} ${event} holds ${data}`);
      events.push(told);
      onEvent?.(told);
    },
    ...(onComment === undefined ? {} : { onComment }),
  });
  response.setEncoding("utf8").on("data", (text: string) => parser.feed(text));
  const ended = new Promise<"finished" | "dropped">((resolve) => {
    response.on("error", () => undefined);
    asked.on("error", () => undefined);
    response.once("close", () =>
      resolve(events.at(-1)?.type === "run.ended" ? "finished" : "dropped"),
    );
  });
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    ended,
    drop: () => void asked.destroy(),
    freeze: () => void response.removeAllListeners("data").pause(),
  };
}
