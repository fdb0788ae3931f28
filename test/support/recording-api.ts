// A Messages API that is nobody's: it answers every request with one text, and keeps what was sent.

import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";

export interface RecordedRequest {
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: unknown;
}

export interface RecordingApi {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Requests are heard and not answered, until they are let go. */
  holdBack(): void;
  letGo(): void;
  close(): Promise<void>;
}

/** Over TLS where a certificate is given. */
export async function startRecordingApi(
  text: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RecordingApi> {
  const requests: RecordedRequest[] = [];
  const held: (() => void)[] = [];
  let isHeldBack = false;
  const answer: RequestListener = (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      requests.push({ path, headers: request.headers, body: JSON.parse(body) });
      const send = (): void => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        for (const event of reply(text)) {
          response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
        }
        response.end();
      };
      if (isHeldBack) held.push(send);
      else send();
    });
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`,
    requests,
    holdBack: () => (isHeldBack = true),
    letGo: () => {
      isHeldBack = false;
      for (const send of held.splice(0)) send();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(text: string): readonly { readonly type: string }[] {
  const usage = {
    input_tokens: 12,
    output_tokens: 1,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  };
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-5",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  return [
    { type: "message_start", ...{ message } },
    { type: "content_block_start", ...{ index: 0, content_block: { type: "text", text: "" } } },
    { type: "content_block_delta", ...{ index: 0, delta: { type: "text_delta", text } } },
    { type: "content_block_stop", ...{ index: 0 } },
    {
      type: "message_delta",
      ...{ delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 9 } },
    },
    { type: "message_stop" },
  ];
}
