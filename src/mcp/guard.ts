// What a connection to a server may reach: the origins that its operator wrote down, inner ones too, and else public
// addresses alone. Time and size are bounded by who listens (bounded-body.ts), since a stream may last as long as a call.

import { guardedFetch } from "../outbound/guarded-fetch.ts";
import type { ProxySettings } from "../outbound/proxies.ts";
import type { HttpWay } from "./server-config.ts";

export function guardFor(proxy: ProxySettings): (way: HttpWay) => typeof fetch {
  return ({ url, oauth }) =>
    guardedFetch({
      namedOrigins: [url.origin, ...(oauth === null ? [] : [new URL(oauth.issuer).origin])],
      bodyBytesMax: null,
      timeoutMs: null,
      proxy,
    });
}
