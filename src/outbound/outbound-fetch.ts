// `fetch` as it is, and through the proxy of the environment where there is one for the address. Node has no
// way to give its own fetch a proxy in all versions that Pawl runs on (20.19 to 24), so there the request is
// made by node:http, and what comes back is an ordinary Response. It follows no redirects: nobody here does.

import type { ClientRequest, IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { proxyRequests } from "./proxied-request.ts";
import { proxyFor, type ProxySettings } from "./proxies.ts";

/** One for all requests of a process: connections are kept open. */
export function outboundFetch(settings: ProxySettings): typeof fetch {
  const throughProxy = proxyRequests();
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const proxy = proxyFor(url, settings);
    if (proxy === null) return await fetch(input, init);
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const body = Buffer.from(await request.arrayBuffer());
    const { method } = request;
    const headers = new Headers(request.headers);
    if (!["GET", "HEAD"].includes(method)) headers.set("content-length", String(body.length));
    const answer = await answered(request, () =>
      throughProxy(proxy, { url, method, headers, body }),
    );
    if (request.redirect === "error" && answer.status >= 300 && answer.status < 400)
      throw new TypeError("fetch failed", { cause: new Error("unexpected redirect") });
    return answer;
  };
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
