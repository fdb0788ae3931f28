// Requests through a proxy by node:http: a tunnel for https, whole URLs for plain http. Connections are kept open.

import { request as httpRequest, type ClientRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { authorizationFor, proxyAgent, tunnelAgent } from "./tunnel.ts";

type Agent = ReturnType<typeof proxyAgent>;

export interface ProxiedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Begins a request; one of these for all requests of a process. */
export function proxyRequests(): (proxy: URL, wanted: ProxiedRequest) => ClientRequest {
  const agents = new Map<string, Agent>();
  const agentFor = (proxy: URL, isTunnel: boolean): Agent => {
    const key = `${isTunnel ? "tunnel" : "plain"} ${proxy.href}`;
    const agent = agents.get(key) ?? (isTunnel ? tunnelAgent(proxy) : proxyAgent(proxy));
    agents.set(key, agent);
    return agent;
  };
  return (proxy, { url, method, headers: wanted, body }) => {
    const isTunnel = url.protocol === "https:";
    const agent = agentFor(proxy, isTunnel);
    const headers = Object.fromEntries(wanted);
    const sending = isTunnel
      ? httpsRequest(url, { method, headers, agent })
      : plainRequest(url, proxy, { method, headers, agent });
    sending.end(body.length > 0 ? body : undefined);
    return sending;
  };
}

interface Plain {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly agent: Agent;
}

function plainRequest(url: URL, proxy: URL, { method, headers, agent }: Plain): ClientRequest {
  const send = proxy.protocol === "https:" ? httpsRequest : httpRequest;
  return send(proxy, {
    method,
    path: url.href,
    headers: { ...headers, host: url.host, ...authorizationFor(proxy) },
    agent,
  });
}
