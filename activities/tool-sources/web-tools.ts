// The tools of the web as this worker's operator has set them up: which servers they may ask, which search service there
// is, which secrets they know.

import type { Config } from "../../src/config.ts";
import { PawlError } from "../../src/domain/errors.ts";
import { domainsIn, isWithin, NO_DOMAINS, plainHost } from "../../src/outbound/domains.ts";
import { guardedFetch } from "../../src/outbound/guarded-fetch.ts";
import type { OutboundPolicy } from "../../src/outbound/outbound-policy.ts";
import { readInChild } from "../page-reader/read-in-child.ts";
import type { Tool } from "../tools/define-tool.ts";
import { engineSearchTool } from "../tools/engine-search.ts";
import { httpRequestTool } from "../tools/http-request.ts";
import {
  brave,
  BRAVE_URL,
  searxng,
  tavily,
  TAVILY_URL,
  type SearchEngine,
} from "../tools/search-engines.ts";
import { webFetchTool } from "../tools/web-fetch.ts";
import { webSearchTool } from "../tools/web-search.ts";

export type WebSettings = Pick<Config, "proxy"> & {
  readonly tools: Pick<
    Config["tools"],
    | "allowedDomains"
    | "blockedDomains"
    | "search"
    | "braveKey"
    | "tavilyKey"
    | "searxngUrl"
    | "secrets"
  >;
};

const PAGE = { bodyBytesMax: 5_000_000, timeoutMs: 10_000 } as const;
const API = { bodyBytesMax: 2_000_000, timeoutMs: 30_000 } as const;
const SEARCH = { bodyBytesMax: 2_000_000, timeoutMs: 10_000, redirectsMax: 0 } as const;

/** Throws CONFIG where a search service is chosen and its key or address is missing. */
export function webTools({ proxy, tools }: WebSettings): readonly Tool[] {
  const lists = listsOf(tools);
  const declared = { ...lists, allowed: lists.allowed ?? NO_DOMAINS };
  const secrets = Object.fromEntries(
    Object.entries(tools.secrets ?? {}).map(([name, secret]) => [name, secret.for]),
  );
  const engine = engineOf(tools, (origin) =>
    guardedFetch({ ...SEARCH, proxy, namedOrigins: [origin] }),
  );
  return [
    engine === null ? webSearchTool : engineSearchTool(engine, (url) => isShown(url, lists)),
    webFetchTool({ send: guardedFetch({ ...PAGE, ...lists, proxy }), readPage: readInChild }),
    httpRequestTool({ send: guardedFetch({ ...API, ...declared, proxy }), secrets }),
  ];
}

type Lists = Pick<OutboundPolicy, "allowed" | "blocked">;

function listsOf({ allowedDomains, blockedDomains }: WebSettings["tools"]): Lists {
  const blocked = domainsIn(blockedDomains) ?? NO_DOMAINS;
  if (allowedDomains === undefined) return { blocked };
  return { blocked, allowed: domainsIn(allowedDomains) ?? NO_DOMAINS };
}

function isShown(url: URL, { allowed, blocked = NO_DOMAINS }: Lists): boolean {
  const host = plainHost(url.hostname);
  if (isWithin(host, blocked.domains) || blocked.origins.includes(url.origin)) return false;
  if (allowed === undefined) return true;
  return isWithin(host, allowed.domains) || allowed.origins.includes(url.origin);
}

/** Null for what ships with Pawl. */
function engineOf(
  { search = "corpus", braveKey, tavilyKey, searxngUrl }: WebSettings["tools"],
  sendTo: (origin: string) => typeof fetch,
): SearchEngine | null {
  switch (search) {
    case "brave":
      return brave({ send: sendTo(BRAVE_URL), key: needed("BRAVE_SEARCH_API_KEY", braveKey) });
    case "tavily":
      return tavily({ send: sendTo(TAVILY_URL), key: needed("TAVILY_API_KEY", tavilyKey) });
    case "searxng": {
      const baseUrl = needed("SEARXNG_URL", searxngUrl);
      return searxng({ send: sendTo(new URL(baseUrl).origin), baseUrl });
    }
    case "corpus":
      return null;
  }
}

function needed(name: string, value: string | undefined): string {
  if (value !== undefined) return value;
  throw new PawlError(
    "CONFIG",
    `PAWL_SEARCH chooses a service that needs ${name}, which is not set.`,
  );
}
