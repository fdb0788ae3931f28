// The listening socket, with bounds on what a client may keep busy: headers, time and connections.
// On SIGTERM it takes nothing new, finishes what is under way and says goodbye to streams.

import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { PawlError } from "../domain/errors.ts";
import type { Proxies } from "./client-address.ts";
import { boundConnections } from "./connections.ts";
import type { App } from "./define-route.ts";
import { createMount, type Mount } from "./outer-address.ts";

export interface HttpServer {
  readonly port: number;
  /** Resolves when every connection is gone; at the latest after `graceMs`. */
  drain(graceMs: number): Promise<void>;
}

const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
/** Until the whole request is there; answers, such as streams, may take longer. */
const REQUEST_TIMEOUT_MS = 30_000;
const LOOK_FOR_SLOW_EVERY_MS = 1000;
const KEEP_ALIVE_MS = 5000;
/** Of a socket on which nothing moves, longer than any answer is waited for: whoever does not take one is let go. */
const SILENT_MS = 60_000;
/** More than `boundConnections` leaves open: who is over its bounds is to be chosen there. */
const CONNECTIONS_MAX = 2200;

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly silentMs?: number;
  /** Below which path of a proxy's it is reached. */
  readonly mount?: Mount;
}

export async function listen(
  app: App,
  { host, port, silentMs = SILENT_MS, mount = createMount(undefined) }: Place,
  proxies: Proxies,
): Promise<HttpServer> {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: LOOK_FOR_SLOW_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (incoming, outgoing) => {
      const asked = mount.within(incoming.url ?? "/");
      if (asked.kind === "before") {
        return void outgoing.writeHead(308, { location: asked.front }).end();
      }
      incoming.url = asked.target;
      void listener(incoming, outgoing);
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.setTimeout(silentMs);
  boundConnections(server, proxies);
  await opened(server, host, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    drain: (graceMs) => drain(server, graceMs),
  };
}

async function opened(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "something listens there already" : error.message;
      reject(new PawlError("CONFIG", `The gateway can't listen at ${host}:${port}: ${why}.`));
    });
    server.listen(port, host, resolve);
  });
}

async function drain(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
