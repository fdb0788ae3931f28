// Where a guarded request may go. Every URL that is asked for, also by a redirect, passes `admitted`; every address
// that a name stands for passes `checkAddresses` before anything is sent to it.

import { isIP } from "node:net";
import { isWithin, NO_DOMAINS, plainHost, type DomainList } from "./domains.ts";
import { isInnerAddress, isInnerName } from "./inner-address.ts";
import { OutboundError } from "./outbound-error.ts";
import type { ProxySettings } from "./proxies.ts";
import type { ResolveName } from "./resolve-name.ts";

export interface OutboundPolicy {
  /** Where given, nothing else is asked. Its origins may be inner ones. */
  readonly allowed?: DomainList;
  /** They win over what is allowed. */
  readonly blocked?: DomainList;
  /**
   * Servers that an operator named by URL (a webhook, an MCP server, a search engine), as `URL.origin` writes them:
   * they may be inner ones, at any port, and no list is asked. Never what a model or a page said.
   */
  readonly namedOrigins?: readonly string[];
  /** Default 80 and 443. */
  readonly ports?: readonly number[];
  /** Default 5. */
  readonly redirectsMax?: number;
  /** Of an answer, decoded. `null` for a stream that never ends. */
  readonly bodyBytesMax: number | null;
  /** From the request to the last byte of the answer, redirects included. */
  readonly timeoutMs: number | null;
  readonly proxy?: ProxySettings;
  /** A seam for tests; else the name servers of this machine are asked. */
  readonly resolve?: ResolveName;
}

export interface Destination {
  readonly url: URL;
  /** As names are compared and looked up: without brackets, without a dot at its end. */
  readonly host: string;
  readonly port: number;
  /** Named by the operator: an inner address is meant. */
  readonly mayBeInner: boolean;
}

const PORTS: readonly number[] = [80, 443];

/** Throws an OutboundError where nobody may go there, whatever the name stands for. */
export function admitted(url: URL, policy: OutboundPolicy): Destination {
  const place = placeOf(url);
  if (policy.namedOrigins?.includes(url.origin)) return { ...place, mayBeInner: true };
  return admittedByLists(place, policy);
}

type Place = Omit<Destination, "mayBeInner">;

function placeOf(url: URL): Place {
  const { protocol, username, password } = url;
  if (protocol !== "https:" && protocol !== "http:")
    throw refused("url", url, `its scheme is ${protocol.slice(0, 20)} and only http and https are`);
  if (username !== "" || password !== "")
    throw refused("url", url, "it holds a user or a password, and such are not sent");
  const host = plainHost(url.hostname);
  if (host === "" || host.split(".").includes(""))
    throw refused("url", url, "its host is no name and no address");
  const standard = protocol === "https:" ? 443 : 80;
  return { url, host, port: url.port === "" ? standard : Number(url.port) };
}

function admittedByLists(
  place: Place,
  { allowed, blocked = NO_DOMAINS, ports = PORTS }: OutboundPolicy,
): Destination {
  const { url, host, port } = place;
  if (isNamed(blocked, url, host)) throw refused("domain", url, "its domain is blocked here");
  if (allowed?.origins.includes(url.origin)) return { ...place, mayBeInner: true };
  if (allowed !== undefined && !isWithin(host, allowed.domains))
    throw refused("domain", url, "its domain is not among those that are allowed here");
  if (!ports.includes(port)) throw refused("url", url, `port ${port} is not one that is used here`);
  const isInner = isIP(host) === 0 ? isInnerName(host) : isInnerAddress(host);
  if (isInner) throw leadsInside(url);
  return { ...place, mayBeInner: false };
}

/** All of them or none: a name that stands for a public and an inner address is on its way from one to the other. */
export function checkAddresses(
  { url, mayBeInner }: Destination,
  addresses: readonly string[],
): void {
  if (!mayBeInner && addresses.some(isInnerAddress)) throw leadsInside(url);
}

function isNamed({ domains, origins }: DomainList, url: URL, host: string): boolean {
  return isWithin(host, domains) || origins.includes(url.origin);
}

function leadsInside(url: URL): OutboundError {
  return refused("inner", url, "it does not lead to the public Internet");
}

function refused(reason: "url" | "domain" | "inner", url: URL, why: string): OutboundError {
  return new OutboundError(reason, `${shownUrl(url)} is not asked for: ${why}.`);
}

const SHOWN_CHARS_MAX = 200;

/** Without user, password, query and fragment. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  const text = host === "" ? `${protocol}…` : `${protocol}//${host}${pathname}`;
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}
