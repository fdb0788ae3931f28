// Servers on this machine that count who comes: any connection at all to a forbidden one is what a guard is there to
// prevent. They listen wherever an address of this machine could lead to.

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface CountingServer {
  readonly port: number;
  readonly url: string;
  /** Connections, whether or not a request came with them. */
  readonly connections: number;
  /** `METHOD path`, in their order. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

export async function startCountingServer(
  answer: RequestListener = (_, response) => response.end("inside"),
  { host = "127.0.0.1", port = 0 } = {},
): Promise<CountingServer> {
  let connections = 0;
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    // Of a client that goes away in the middle.
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port: given } = server.address() as AddressInfo;
  return {
    port: given,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${given}`,
    get connections() {
      return connections;
    },
    requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
