// What stands between a caller and a gateway that does not know of it: a reverse proxy as newcomers write it,
// one that puts it below a path, one that compresses, and what forwards bytes (ssh -L and -R, socat, port
// forwards of containers). The real ones are in test/proxies.

import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { createGzip } from "node:zlib";

export interface Forwarder {
  readonly url: string;
  close(): Promise<void>;
}

/** nginx with a bare `proxy_pass`: HTTP/1.1 to the address it was given, Host and Connection its own, no word of who asks. */
export async function forwardLikeNginx(port: number): Promise<Forwarder> {
  return await forward({ "": port });
}

/** Ports by paths: `location /pawl/ { proxy_pass http://gateway/; }`. Whatever else is asked is another's. */
export async function forwardBelow(ports: Readonly<Record<string, number>>): Promise<Forwarder> {
  return await forward(ports);
}

/** As Caddy 2.6 does with `encode gzip`: text is packed, and comes out when there is much of it, or at its end. */
export async function forwardCompressing(port: number): Promise<Forwarder> {
  return await forward({ "": port }, { packs: true });
}

async function forward(
  ports: Readonly<Record<string, number>>,
  { packs }: { readonly packs?: true } = {},
): Promise<Forwarder> {
  const server = createHttpServer((incoming, outgoing) => {
    const { method, url: target = "/", headers: given } = incoming;
    const found = Object.entries(ports).find(([place]) => target.startsWith(`${place}/`));
    if (found === undefined) return void outgoing.writeHead(404).end("not ours");
    const [below, port] = found;
    const path = target.slice(below.length);
    const headers = { ...given, host: `127.0.0.1:${port}`, connection: "close" };
    const asked = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      const isPacked = packs === true && answer.headers["content-encoding"] === undefined;
      const encoding = isPacked ? { "content-encoding": "gzip" } : {};
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...encoding });
      if (isPacked) answer.pipe(createGzip()).pipe(outgoing);
      else answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // As the world knows it.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function forwardBytes(port: number): Promise<Forwarder> {
  const server = createServer((caller) => {
    const there = connect(port, "127.0.0.1");
    caller.pipe(there).pipe(caller);
    for (const socket of [caller, there]) socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: async () => void (await new Promise((resolve) => server.close(resolve))),
  };
}
