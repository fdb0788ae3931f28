// `fetch` as it is, and through the proxy of the environment where there is one for the address. Node has no
// way to give its own fetch a proxy in all versions that Pawl runs on (20.19 to 24), so there the request is
// made by node:http, and what comes back is an ordinary Response. It follows no redirects: nobody here does.

import { request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { Readable } from "node:stream";
import { proxyFor, type ProxySettings } from "./proxies.ts";
import { authorizationFor, proxyAgent, tunnelAgent } from "./tunnel.ts";

type Agent = ReturnType<typeof proxyAgent>;

/** One for all requests of a process: connections are kept open. */
export function outboundFetch(settings: ProxySettings): typeof fetch {
  const agents = new Map<string, Agent>();
  const agentFor = (proxy: URL, isTunnel: boolean): Agent => {
    const key = `${isTunnel ? "tunnel" : "plain"} ${proxy.href}`;
    const agent = agents.get(key) ?? (isTunnel ? tunnelAgent(proxy) : proxyAgent(proxy));
    agents.set(key, agent);
    return agent;
  };
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const proxy = proxyFor(url, settings);
    if (proxy === null) return await fetch(input, init);
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const body = Buffer.from(await request.arrayBuffer());
    const agent = agentFor(proxy, url.protocol === "https:");
    const answer = await answered(request, () => begin(request, { url, proxy, agent, body }));
    if (request.redirect === "error" && answer.status >= 300 && answer.status < 400)
      throw new TypeError("fetch failed", { cause: new Error("unexpected redirect") });
    return answer;
  };
}

interface Way {
  readonly url: URL;
  readonly proxy: URL;
  readonly agent: Agent;
  readonly body: Buffer;
}

function begin(request: Request, { url, proxy, agent, body }: Way): ClientRequest {
  const hasBody = !["GET", "HEAD"].includes(request.method);
  const headers = {
    ...Object.fromEntries(request.headers),
    ...(hasBody ? { "content-length": String(body.length) } : {}),
  };
  const { method } = request;
  const sending =
    url.protocol === "https:"
      ? httpsRequest(url, { method, headers, agent })
      : plainRequest(url, proxy, { method, headers, agent });
  sending.end(hasBody ? body : undefined);
  return sending;
}

function plainRequest(
  url: URL,
  proxy: URL,
  { method, headers, agent }: { method: string; headers: Record<string, string>; agent: Agent },
): ClientRequest {
  const send = proxy.protocol === "https:" ? httpsRequest : httpRequest;
  return send(proxy, {
    method,
    path: url.href,
    headers: { ...headers, host: url.host, ...authorizationFor(proxy) },
    agent,
  });
}

/** Rejects as fetch does: with the reason of the signal, or with what went wrong as the cause. */
async function answered(request: Request, start: () => ClientRequest): Promise<Response> {
  const { signal } = request;
  return await new Promise<Response>((resolve, reject) => {
    const sending = start();
    const stop = (): void => {
      const { reason }: { reason: unknown } = signal;
      sending.destroy(reason instanceof Error ? reason : new Error("aborted"));
    };
    signal.addEventListener("abort", stop, { once: true });
    sending.once("error", (cause) => {
      reject(signal.aborted ? signal.reason : new TypeError("fetch failed", { cause }));
    });
    sending.once("response", (message) => {
      message.once("close", () => signal.removeEventListener("abort", stop));
      resolve(responseOf(message));
    });
  });
}

const WITHOUT_BODY: readonly number[] = [204, 205, 304];

function responseOf(message: IncomingMessage): Response {
  const { statusCode: status = 502, statusMessage: statusText = "", headersDistinct } = message;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  if (WITHOUT_BODY.includes(status)) {
    message.resume();
    return new Response(null, { status, statusText, headers });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- two names of one type
  const body = Readable.toWeb(message) as ReadableStream<Uint8Array>;
  return new Response(body, { status, statusText, headers });
}
