// `fetch` for addresses that a model, a page or a stranger wrote. What is refused is refused before a byte is sent.
//
// Invariants; each number is also the name of a test.
//   G10. A name is resolved once, every address it stands for is checked, and the connection goes to those addresses and
//       to no other: nobody asks the name again. Each redirect is a new request to this.
//   G11. Nothing that was meant for one origin reaches another: neither headers that could be a key, nor a body.
//   G12. No answer costs more than it may: bytes count decoded, time counts from the look for an address to the last byte.
//
// Behind a proxy (HTTPS_PROXY) the proxy resolves the names. Inner addresses and names that can only be inner ones are
// refused here all the same; a public name that leads inside is for the proxy to refuse (docs/web-tools.md).

import type { ClientRequest, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { ACCEPT_ENCODING, boundedBody, type Bounds } from "./bounded-body.ts";
import { ExchangeClock } from "./exchange-clock.ts";
import { beginDirect } from "./direct-request.ts";
import { nextHop, type Hop } from "./next-hop.ts";
import { OutboundError } from "./outbound-error.ts";
import {
  admitted,
  checkAddresses,
  type Destination,
  type OutboundPolicy,
} from "./outbound-policy.ts";
import { proxyFor } from "./proxies.ts";
import { proxyRequests } from "./proxied-request.ts";
import { publicNames, systemNames } from "./resolve-name.ts";

type Begin = (hop: Hop, destination: Destination) => Promise<ClientRequest>;

/** Rejects with an OutboundError, or with the reason of the caller's signal. */
export function guardedFetch(policy: OutboundPolicy): typeof fetch {
  const begin = beginsWithin(policy);
  return async (input, init) => {
    const clock = new ExchangeClock(policy.timeoutMs, signalOf(input, init));
    try {
      // Before `Request` would refuse it in words of its own.
      admitted(urlOf(input), policy);
      const request = new Request(input, { redirect: "follow", ...init });
      const first: Hop = {
        url: new URL(request.url),
        method: request.method,
        headers: new Headers(request.headers),
        body: Buffer.from(await request.arrayBuffer()),
      };
      return await exchange(first, request.redirect, { policy, begin, clock });
    } catch (error) {
      clock.stop();
      throw clock.signal.aborted ? clock.signal.reason : asOutboundError(error);
    }
  };
}

function signalOf(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
): AbortSignal | undefined {
  return init?.signal ?? (input instanceof Request ? input.signal : undefined);
}

function urlOf(input: Parameters<typeof fetch>[0]): URL {
  const text = input instanceof Request ? input.url : String(input);
  if (URL.canParse(text)) return new URL(text);
  throw new OutboundError("url", "It is no URL, such as https://example.com/page.");
}

interface Terms {
  readonly policy: OutboundPolicy;
  readonly begin: Begin;
  readonly clock: ExchangeClock;
}

const REDIRECTS_MAX = 5;

async function exchange(
  first: Hop,
  redirect: Request["redirect"],
  { policy, begin, clock }: Terms,
): Promise<Response> {
  const { redirectsMax = REDIRECTS_MAX, bodyBytesMax: bytesMax } = policy;
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const sending = await clock.limit(begin(hop, admitted(hop.url, policy)));
    const message = await answered(sending, clock);
    try {
      const next = redirect === "manual" ? null : nextHop(hop, message);
      if (next === null) {
        const body = bodyOf(hop, message, { bytesMax, clock });
        return responseOf(message, body, { url: hop.url, redirected: redirects > 0 });
      }
      if (redirect === "error") throw new OutboundError("redirect", "It redirects elsewhere.");
      if (redirects >= redirectsMax)
        throw new OutboundError("redirect", `It redirects more than ${redirectsMax} times.`);
      message.destroy();
      hop = next;
    } catch (error) {
      message.destroy();
      throw error;
    }
  }
}

function beginsWithin(policy: OutboundPolicy): Begin {
  const resolvePublic = policy.resolve ?? publicNames();
  const resolveNamed = policy.resolve ?? systemNames;
  const throughProxy = proxyRequests();
  return async (hop, destination) => {
    const { url, host, mayBeInner } = destination;
    const sent: Hop = { ...hop, headers: sendable(hop) };
    const proxy = proxyFor(url, policy.proxy ?? {});
    if (proxy !== null) return throughProxy(proxy, sent);
    const resolve = mayBeInner ? resolveNamed : resolvePublic;
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    if (addresses.length === 0) throw new Error(`the name ${host} stands for no address`);
    checkAddresses(destination, addresses);
    return beginDirect(sent, destination, addresses);
  };
}

/** Of one connection, or ours to say; none of them is a caller's. */
const OURS: readonly string[] = [
  ...["host", "connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer"],
  ...["upgrade", "expect", "proxy-authorization", "proxy-connection", "accept-encoding"],
];

function sendable({ url, method, headers, body }: Hop): Headers {
  const sent = new Headers(headers);
  for (const name of OURS) sent.delete(name);
  sent.set("host", url.host.replace(/\.(?=:|$)/, ""));
  sent.set("accept-encoding", ACCEPT_ENCODING);
  if (!sent.has("accept")) sent.set("accept", "*/*");
  if (!sent.has("user-agent")) sent.set("user-agent", "pawl");
  if (!["GET", "HEAD"].includes(method) || body.length > 0)
    sent.set("content-length", String(body.length));
  return sent;
}

async function answered(sending: ClientRequest, clock: ExchangeClock): Promise<IncomingMessage> {
  const { signal } = clock;
  return await new Promise<IncomingMessage>((resolve, reject) => {
    const stop = (): void => void sending.destroy(new Error("given up"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    sending.once("error", reject);
    sending.once("upgrade", (_, socket) => {
      socket.destroy();
      reject(new OutboundError("answer", "It answered in another protocol."));
    });
    sending.once("response", (message) => {
      signal.removeEventListener("abort", stop);
      // A connection that breaks while nobody reads is told to whoever reads next.
      sending.on("error", () => undefined);
      message.on("error", () => undefined);
      resolve(message);
    });
  });
}

const WITHOUT_BODY: readonly number[] = [204, 205, 304];

function bodyOf(
  { method }: Hop,
  message: IncomingMessage,
  bounds: Bounds,
): ReadableStream<Uint8Array> | null {
  const { statusCode = 502 } = message;
  if (method !== "HEAD" && !WITHOUT_BODY.includes(statusCode)) return boundedBody(message, bounds);
  message.destroy();
  bounds.clock.stop();
  return null;
}

interface Told {
  readonly url: URL;
  readonly redirected: boolean;
}

function responseOf(
  { statusCode: status = 502, statusMessage: statusText = "", headersDistinct }: IncomingMessage,
  body: ReadableStream<Uint8Array> | null,
  { url, redirected }: Told,
): Response {
  if (status < 200 || status > 599)
    throw new OutboundError("answer", `It answered with the status ${status}, which is none.`);
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    // Of the body as it was on the wire.
    if (body !== null && /^content-(encoding|length)$/.test(name)) continue;
    for (const value of values) headers.append(name, value);
  }
  const response = new Response(body, { status, statusText, headers });
  Object.defineProperties(response, {
    url: { value: url.href },
    redirected: { value: redirected },
  });
  return response;
}

/** What is thrown below is of sockets and parsers: a sentence of ours, with that as its cause. */
function asOutboundError(error: unknown): unknown {
  if (error instanceof OutboundError) return error;
  // By its name: it may be of another realm.
  if (error instanceof Error && error.name === "TypeError")
    return new OutboundError("answer", "The request or its answer is no HTTP that can be read.", {
      cause: error,
    });
  const why = error instanceof Error ? error.message : String(error);
  return new OutboundError("unreachable", `There is no answer: ${why}.`, { cause: error });
}
