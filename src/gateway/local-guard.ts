// Second line behind the local token, and the only one of a gateway that was told `--open`: a web page in
// the browser of the person at this machine must not be able to pass for them.
//
// G3. Who is local is heard by a name of loopback only, and from no other site. A page that points its own
//     name at 127.0.0.1 (DNS rebinding) still sends its own Host; one that posts across sites (CSRF) sends
//     its Origin.

import { PawlError } from "../domain/errors.ts";
import { isLoopbackHost } from "../domain/loopback.ts";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Whoever adds these speaks for somebody else. Many that do so add none: this is courtesy, no lock. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/** Throws PawlError FORBIDDEN where a browser asks on behalf of another site. */
export function refuseOtherSites(headers: Pick<Headers, "get">): void {
  const host = headers.get("host") ?? "";
  if (!LOOPBACK_NAMES.has(nameOf(host))) {
    throw new PawlError("FORBIDDEN", "Who is local asks localhost, by that name.");
  }
  const origin = headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) {
    throw new PawlError("FORBIDDEN", "Who is local is heard from no other site.");
  }
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    throw new PawlError("FORBIDDEN", "Who is local is heard from no other site.");
  }
}

/** What an open gateway can tell of strangers. Throws PawlError UNAUTHENTICATED. */
export function refuseFarCallers(headers: Headers, remoteAddress: string | undefined): void {
  if (remoteAddress !== undefined && !isLoopbackHost(remoteAddress)) {
    throw new PawlError("UNAUTHENTICATED", "From another machine a key is needed.");
  }
  if (FORWARDED.some((name) => headers.has(name))) {
    throw new PawlError("UNAUTHENTICATED", "Through a proxy a key is needed.");
  }
}

/** The host without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}
