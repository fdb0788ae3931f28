// Connections through a proxy: a tunnel by CONNECT for https, so that the proxy sees a host and no key. Kept
// open between calls like any other.

import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { proxyText } from "./proxies.ts";

/** A proxy that says nothing is one that is away. */
const CONNECT_TIMEOUT_MS = 30_000;
const KEPT_OPEN = { keepAlive: true, timeout: 0 } as const;

type Connected = (error: Error | null, socket?: Duplex) => void;

export function tunnelAgent(proxy: URL): HttpsAgent {
  return new TunnelAgent(proxy);
}

/** To a proxy that is asked for plain http by whole URLs. */
export function proxyAgent(proxy: URL): HttpAgent {
  return proxy.protocol === "https:" ? new HttpsAgent(KEPT_OPEN) : new HttpAgent(KEPT_OPEN);
}

export function authorizationFor({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

/** Before the provider has heard a byte: what is asked for so is known to have cost nothing. */
function refused(proxy: URL, why: string): Error {
  return Object.assign(new Error(`the proxy ${proxyText(proxy)} ${why}`), { code: "ECONNREFUSED" });
}

class TunnelAgent extends HttpsAgent {
  readonly #proxy: URL;

  constructor(proxy: URL) {
    super(KEPT_OPEN);
    this.#proxy = proxy;
  }

  /** Of Node's own agents, which take a socket that comes later by the callback. */
  override createConnection(options: RequestOptions, done: Connected): undefined {
    const host = String(options.host);
    const place = `${isIP(host) === 6 ? `[${host}]` : host}:${String(options.port)}`;
    const asking = connectThrough(this.#proxy, place);
    asking.setTimeout(CONNECT_TIMEOUT_MS, () => {
      asking.destroy(refused(this.#proxy, "does not answer"));
    });
    asking.once("error", (error) => done(error));
    asking.once("connect", ({ statusCode }, socket: Socket) => {
      socket.setTimeout(0);
      if (statusCode !== 200) {
        socket.destroy();
        return done(refused(this.#proxy, `answered ${statusCode} when asked for ${place}`));
      }
      const name = isIP(host) === 0 ? { servername: host } : {};
      done(null, connectTls({ ...tlsOptions(options), ...name, socket }));
    });
    asking.end();
    return undefined;
  }
}

/** What the agent says of the connection itself (`host`, `path`) would be dialled instead of the tunnel. */
function tlsOptions({ ca, cert, key, rejectUnauthorized }: RequestOptions) {
  return { ca, cert, key, ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) };
}

function connectThrough(proxy: URL, place: string): ClientRequest {
  const send = proxy.protocol === "https:" ? httpsRequest : httpRequest;
  return send({
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : proxy.port,
    method: "CONNECT",
    path: place,
    headers: { host: place, ...authorizationFor(proxy) },
    agent: false,
  });
}
