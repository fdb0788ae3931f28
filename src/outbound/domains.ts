// Lists of domains, as operators write them: a domain means itself and all below it, in letters of any script.
// `https://erp.example.com:8443` names one server exactly: it may be an inner one, at any port.

import { domainToASCII } from "node:url";
import { isIP } from "node:net";

export interface DomainList {
  /** In ASCII and lower case, without a dot at either end. */
  readonly domains: readonly string[];
  /** As `URL.origin` writes them. */
  readonly origins: readonly string[];
}

export const NO_DOMAINS: DomainList = { domains: [], origins: [] };

/** `example.com`, `*.example.com`, `münchen.example`, `https://erp.example.com:8443`; null where it is none of these. */
export function domainsIn(entries: readonly string[]): DomainList | null {
  const origins = entries.filter((entry) => entry.includes("://")).map(originOf);
  const domains = entries.filter((entry) => !entry.includes("://")).map(domainOf);
  const isKnown = (text: string | null): text is string => text !== null;
  return origins.every(isKnown) && domains.every(isKnown) ? { origins, domains } : null;
}

/** A host as one writes it, as all lists are written; "" where it is none. */
export function plainHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return isIP(bare) === 6 ? bare.toLowerCase() : domainToASCII(bare);
}

export function isWithin(host: string, domains: readonly string[]): boolean {
  return domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

function originOf(entry: string): string | null {
  if (!URL.canParse(entry)) return null;
  const { origin, protocol, pathname, search, hash, username, password } = new URL(entry);
  const isBare = pathname === "/" && `${search}${hash}${username}${password}` === "";
  return isBare && /^https?:$/.test(protocol) ? origin : null;
}

function domainOf(entry: string): string | null {
  if (/[\s/@?#:\\]/.test(entry) && isIP(entry.replace(/^\[|\]$/g, "")) === 0) return null;
  const host = plainHost(entry.replace(/^\*?\./, ""));
  return host === "" || host.split(".").includes("") ? null : host;
}
