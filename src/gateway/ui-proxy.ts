// Temporal's Web UI behind a guard: the UI itself asks nobody who they are. Whoever opens the address that
// `pawl ui` printed gets a cookie for it; without one nothing is passed on, and neither is what another site
// asks. The secret lives as long as this process.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { PawlError } from "../domain/errors.ts";
import { refuseOtherSites } from "./local-guard.ts";

export interface UiUpstream {
  readonly host: string;
  readonly port: number;
}

export interface UiProxyOptions {
  readonly port: number;
  /** Told of each request that was let in. */
  readonly onUse?: () => void;
}

export interface UiProxy {
  readonly port: number;
  /** Opens this path of the UI in a browser that has no cookie yet. */
  address(path: string): string;
  close(): Promise<void>;
}

const KEY = "key";

/** Listens on loopback alone. Throws PawlError CONFIG where it can't. */
export async function serveUi(upstream: UiUpstream, options: UiProxyOptions): Promise<UiProxy> {
  const secret = randomBytes(32).toString("base64url");
  const server = createServer((incoming, outgoing) => {
    try {
      if (!isLetIn({ incoming, outgoing, secret })) return;
      options.onUse?.();
      passOn(upstream, incoming, outgoing);
    } catch (error) {
      refuse(outgoing, error);
    }
  });
  const port = await opened(server, options.port);
  return {
    port,
    address: (path) => `http://127.0.0.1:${port}${path}?${KEY}=${secret}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Visit {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly secret: string;
}

/** False where the answer has been given. Throws PawlError where the visitor is refused. */
function isLetIn({ incoming, outgoing, secret }: Visit): boolean {
  const { headers } = incoming;
  refuseOtherSites({ get: (name) => firstOf(headers[name]) });
  const cookie = cookieOf(incoming);
  const shown = cookiesOf(headers).find(([name]) => name === cookie)?.[1];
  if (shown !== undefined && isSame(shown, secret)) return true;
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const key = url.searchParams.get(KEY);
  if (key === null || !isSame(key, secret)) {
    throw new PawlError("UNAUTHENTICATED", "Open the address that `pawl ui` printed.");
  }
  url.searchParams.delete(KEY);
  // Away from the address at once: what stays there gets into histories and on to other sites.
  outgoing.writeHead(303, {
    // Two slashes at its start would lead to another site.
    location: `${url.pathname.replace(/^\/+/, "/")}${url.search}`,
    "set-cookie": `${cookie}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  outgoing.end();
  return false;
}

function passOn(upstream: UiUpstream, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { host, port } = upstream;
  const { method = "GET", url: path = "/" } = incoming;
  const headers = { ...incoming.headers, host: `${host}:${port}`, cookie: othersCookies(incoming) };
  const asked = request({ host, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, {
      ...answer.headers,
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
    answer.pipe(outgoing);
  });
  asked.on("error", () => {
    const message = "Temporal's Web UI does not answer; does the local stack run?";
    refuse(outgoing, new PawlError("BACKEND_UNREACHABLE", message));
  });
  outgoing.on("close", () => asked.destroy());
  incoming.pipe(asked);
}

const STATUS: Readonly<Record<string, number>> = {
  FORBIDDEN: 403,
  UNAUTHENTICATED: 401,
  BACKEND_UNREACHABLE: 502,
};

function refuse(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  const known = error instanceof PawlError ? error : null;
  const status = STATUS[known?.code ?? ""] ?? 400;
  outgoing.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  outgoing.end(`${known?.message ?? "This request can't be read."}\n`);
}

/** Ours is of no use to the UI. */
function othersCookies(incoming: IncomingMessage): string {
  const ours = cookieOf(incoming);
  const others = cookiesOf(incoming.headers).filter(([name]) => name !== ours);
  return others.map(([name, value]) => `${name}=${value}`).join("; ");
}

function cookiesOf({ cookie = "" }: IncomingHttpHeaders): readonly (readonly [string, string])[] {
  return cookie.split(";").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const];
  });
}

/** Cookies don't tell ports apart. */
function cookieOf({ socket }: IncomingMessage): string {
  return `pawl_ui_${socket.localPort ?? 0}`;
}

function firstOf(value: string | readonly string[] | undefined): string | null {
  return typeof value === "string" ? value : (value?.[0] ?? null);
}

function isSame(shown: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(shown), digest(secret));
}

async function opened(server: Server, port: number): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "something listens there already" : error.message;
      reject(new PawlError("CONFIG", `The Web UI can't be served at 127.0.0.1:${port}: ${why}.`));
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
