// A server that is reached over HTTP. What it sends is bounded (bounded-body.ts), redirects stay within its origin,
// and a token is asked for where its operator said, and nowhere else.

import {
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { boundedFetch } from "./bounded-body.ts";
import type { ClientCredentials, HttpWay } from "./server-config.ts";

const RECONNECT_MS_MIN = 500;
const FAREWELL_MS = 1000;
const RECONNECT_MS_MAX = 30_000;

export interface HttpConnection {
  readonly transport: StreamableHTTPClientTransport;
  /** What was given for the credentials since: nobody is to read it. */
  readonly token: () => string | null;
  /** A server of the old era may keep something for each session. */
  readonly endSession: () => Promise<void>;
}

export function httpConnection(way: HttpWay, send: typeof fetch): HttpConnection {
  const { url, headers, oauth } = way;
  const provider = oauth === null ? null : providerFor(oauth);
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: boundedFetch(send),
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
  return {
    transport,
    token: () => provider?.tokens()?.access_token ?? null,
    endSession: async () => {
      const ended = transport.terminateSession().catch(() => undefined);
      await Promise.race([
        ended,
        new Promise((resolve) => setTimeout(resolve, FAREWELL_MS).unref()),
      ]);
    },
  };
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
