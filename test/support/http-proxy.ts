// A proxy as companies have them: it takes whole URLs, and CONNECT, notes what it was asked for, and leads every
// name to this machine.

import { createServer, request } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";

export interface HttpProxy {
  readonly url: string;
  /** `CONNECT host:port`, or a method and a whole URL, with the user that was named. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function startHttpProxy(refuseWith?: number): Promise<HttpProxy> {
  const asked: string[] = [];
  const userOf = (header: string | undefined): string =>
    header === undefined
      ? ""
      : ` by ${Buffer.from(header.replace("Basic ", ""), "base64").toString()}`;
  const server = createServer((incoming, answer) => {
    const { method = "", url = "", headers } = incoming;
    asked.push(`${method} ${url}${userOf(headers["proxy-authorization"])}`);
    const { port, pathname, search } = new URL(url);
    const to = { host: "127.0.0.1", port, path: pathname + search, method, headers };
    const sending = request(to, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      answer.flushHeaders();
      reply.pipe(answer);
    });
    sending.once("error", () => answer.writeHead(502).end());
    incoming.pipe(sending);
  });
  server.on("connect", (incoming, socket) => {
    const { url = "", headers } = incoming;
    asked.push(`CONNECT ${url}${userOf(headers["proxy-authorization"])}`);
    socket.on("error", () => undefined);
    if (refuseWith !== undefined) return socket.end(`HTTP/1.1 ${refuseWith} No\r\n\r\n`);
    const there = connect(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      there.pipe(socket).pipe(there);
    });
    there.on("error", () => socket.destroy());
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
