// What stands between a caller and a gateway that does not know of it: a reverse proxy as newcomers write it,
// and what forwards bytes (ssh -L and -R, socat, port forwards of containers).

import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";

export interface Forwarder {
  readonly url: string;
  close(): Promise<void>;
}

/** nginx with a bare `proxy_pass`: HTTP/1.1 to the address it was given, Host and Connection its own, no word of who asks. */
export async function forwardLikeNginx(port: number): Promise<Forwarder> {
  const server = createHttpServer((incoming, outgoing) => {
    const { method, url: path, headers: given } = incoming;
    const headers = { ...given, host: `127.0.0.1:${port}`, connection: "close" };
    const asked = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
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
