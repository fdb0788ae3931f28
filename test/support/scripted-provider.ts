// A provider on loopback that answers exactly as a test says, byte by byte: real sockets under the
// real SDK. For replies as the API would give them, use the offline model instead.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface ScriptedProvider {
  readonly url: string;
  /** Bodies of the requests so far. */
  readonly requests: readonly SeenRequest[];
  /** Resolves when the client has closed the connection of the n-th request. */
  closed(n: number): Promise<void>;
  stop(): Promise<void>;
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answer = (response: ServerResponse, n: number) => void;

export async function startScriptedProvider(answer: Answer): Promise<ScriptedProvider> {
  const requests: SeenRequest[] = [];
  const closings: Promise<unknown>[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    requests.push({ path: request.url ?? "", headers: request.headers, body });
    answer(response, requests.length);
  };
  const server = createServer((request, response) => {
    closings.push(once(response, "close"));
    void receive(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    closed: async (n) => void (await closings[n - 1]),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export function sse(event: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export const PING = sse({ type: "ping" });

export const START = sse({
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-5",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 12, output_tokens: 1 },
  },
});

export function textBlock(index: number, ...pieces: readonly string[]): string {
  return [
    sse({ type: "content_block_start", index, content_block: { type: "text", text: "" } }),
    ...pieces.map((text) =>
      sse({ type: "content_block_delta", index, delta: { type: "text_delta", text } }),
    ),
    sse({ type: "content_block_stop", index }),
  ].join("");
}

export const END =
  sse({
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: 5 },
  }) + sse({ type: "message_stop" });

export function openStream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, {
    "content-type": "text/event-stream",
    "request-id": "req_1",
  });
}

/** Refuses as the API does. */
export function refuse(
  response: ServerResponse,
  status: number,
  error: { type: string; message?: string; error_code?: string; headers?: Record<string, string> },
): void {
  const { type, message = "no", error_code, headers = {} } = error;
  const details = error_code === undefined ? {} : { details: { error_code } };
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify({ type: "error", error: { type, message, ...details } }));
}
