// A server that is reached over HTTP. What it sends is bounded (bounded-body.ts), redirects stay within its origin,
// and a token is asked for where its operator said, and nowhere else.

import {
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { boundedFetch } from "./bounded-body.ts";
import type { ClientCredentials, HttpWay } from "./server-config.ts";

const RECONNECT_MS_MIN = 200;
const RECONNECT_MS_MAX = 30_000;

export interface HttpConnection {
  readonly transport: StreamableHTTPClientTransport;
  /** What was given for the credentials since: nobody is to read it. */
  token(): string | null;
}

export function httpConnection(way: HttpWay, send: typeof fetch): HttpConnection {
  const { url, headers, oauth } = way;
  const provider = oauth === null ? null : providerFor(oauth);
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: withoutStandingStream(boundedFetch(send)),
    requestInit: { headers: { ...headers } },
    redirectPolicy: "same-origin",
    // No person is there to widen what the credentials are good for.
    onInsufficientScope: "throw",
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: RECONNECT_MS_MAX,
      reconnectionDelayGrowFactor: 2,
      maxRetries: 5,
    },
    // How soon the server says, but not at once for ever, and not never.
    reconnectionScheduler: (reconnect, delayMs) => {
      const waitMs = Math.min(RECONNECT_MS_MAX, Math.max(RECONNECT_MS_MIN, delayMs));
      const timer = setTimeout(reconnect, waitMs);
      timer.unref();
      return () => clearTimeout(timer);
    },
    ...(provider === null ? {} : { authProvider: provider }),
  });
  return { transport, token: () => provider?.tokens()?.access_token ?? null };
}

function providerFor({ clientId, clientSecret, issuer, scope }: ClientCredentials) {
  return new ClientCredentialsProvider({
    clientId,
    clientSecret,
    expectedIssuer: issuer,
    clientName: "pawl",
    ...(scope === null ? {} : { scope }),
  });
}

/**
 * Servers of the old era may tell of changes on a stream that stays open for them. Lists are asked for again soon
 * enough, and an idle connection is one socket less; a stream that is taken up again names where it was cut.
 */
function withoutStandingStream(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    const isStanding =
      init?.method === "GET" &&
      headers.get("accept")?.includes("text/event-stream") === true &&
      !headers.has("last-event-id");
    return isStanding ? new Response(null, { status: 405 }) : await send(input, init);
  };
}
