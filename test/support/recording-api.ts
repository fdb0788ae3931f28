// A Messages API that is nobody's: it answers every request with one text, and keeps what was sent.

import { createServer } from "node:http";
import { once } from "node:events";

export interface RecordedRequest {
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: unknown;
}

export interface RecordingApi {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  close(): Promise<void>;
}

export async function startRecordingApi(text: string): Promise<RecordingApi> {
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      requests.push({ path, headers: request.headers, body: JSON.parse(body) });
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of reply(text)) {
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
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
