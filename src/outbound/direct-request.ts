// A connection to addresses that were checked, and to no others: the name is for TLS and for the server alone. No
// connection is kept, since the next request is to be checked like the first.

import { request as httpRequest, type ClientRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Hop } from "./next-hop.ts";
import type { Destination } from "./outbound-policy.ts";

/** Of several addresses each is given so long; Node's own 250 ms is less than a far connection takes. */
const ATTEMPT_TIMEOUT_MS = 2000;

export function beginDirect(
  { url, method, headers, body }: Hop,
  { host, port }: Destination,
  addresses: readonly string[],
): ClientRequest {
  const options: RequestOptions & { autoSelectFamilyAttemptTimeout: number } = {
    host,
    port,
    path: `${url.pathname}${url.search}`,
    method,
    headers: Object.fromEntries(headers),
    agent: false,
    lookup: only(addresses),
    autoSelectFamilyAttemptTimeout: ATTEMPT_TIMEOUT_MS,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
  const sending = url.protocol === "https:" ? httpsRequest(options) : httpRequest(options);
  sending.end(body.length > 0 ? body : undefined);
  return sending;
}

function only(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all }, tell) => {
    if (all === true) return tell(null, found);
    const [first] = found;
    tell(null, first?.address ?? "", first?.family ?? 4);
  };
}
