// Which proxy a request goes through, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY as all programs read them. What is
// on this machine is never asked through one: a proxy elsewhere would look for it on its own machine.

import { PawlError } from "../domain/errors.ts";
import { isLoopbackHost } from "../domain/loopback.ts";

export interface ProxySettings {
  readonly https?: string | undefined;
  readonly http?: string | undefined;
  /** Hosts, domains, `host:port`, or `*`, separated by commas or blanks. */
  readonly except?: string | undefined;
}

/** Null where the request goes out directly. Throws CONFIG where the proxy that it needs is none that we speak to. */
export function proxyFor(url: URL, { https, http, except = "" }: ProxySettings): URL | null {
  const [name, proxy] =
    url.protocol === "https:" ? (["HTTPS_PROXY", https] as const) : (["HTTP_PROXY", http] as const);
  if (proxy === undefined || isLoopbackHost(url.hostname) || isExcepted(url, except)) return null;
  // As curl takes it: a host and a port alone mean http.
  const whole = proxy.includes("://") ? proxy : `http://${proxy}`;
  const parsed = URL.canParse(whole) ? new URL(whole) : null;
  if (parsed !== null && /^https?:$/.test(parsed.protocol)) return parsed;
  throw new PawlError("CONFIG", `${name}: it is no proxy of HTTP, such as http://proxy:3128`);
}

/** For people: without user and password. */
export function proxyText({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

function isExcepted({ hostname, port, protocol }: URL, except: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  const portOfUrl = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return except
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => covers(entry, host, portOfUrl));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === "" || entry === "*") return entry === "*";
  const [, named = entry, portNamed] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (portNamed !== undefined && portNamed !== port) return false;
  const domain = named.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
  return domain !== "" && (host === domain || host.endsWith(`.${domain}`));
}
