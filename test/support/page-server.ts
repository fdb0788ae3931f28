// The real page before a gateway whose answers a test writes itself: where a run, a model or a tool would take too
// long, or could not be made to say what is needed.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json as readJson } from "node:stream/consumers";
import { pageFile } from "./page-files.ts";
import { freePort } from "./processes.ts";

export interface PageAnswers {
  /** Of the gateway's routes, by their path. */
  get(path: string): object;
  post?(path: string, body: unknown): object;
  stream(response: ServerResponse, request: IncomingMessage): void;
}

export interface PageServer {
  readonly url: string;
  close(): void;
}

export async function servePage(answers: PageAnswers): Promise<PageServer> {
  const port = await freePort();
  const server = createServer((request, response) => void answer(request, response, answers));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answers: PageAnswers,
): Promise<void> {
  const { url: path = "/", method } = request;
  if (path.endsWith("/events")) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    return answers.stream(response, request);
  }
  if (method === "POST") return json(response, answers.post?.(path, await readJson(request)) ?? {});
  if (path.startsWith("/v1/")) return json(response, answers.get(path));
  const { type, bytes } = pageFile(path);
  response.writeHead(200, { "content-type": type }).end(bytes);
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
