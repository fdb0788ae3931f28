// The person at this machine needs no key, so a web page in their browser must not be able to
// pass for them.
//
// G3. Without a key only a request to a name of loopback is heard, made by no other site and
//     forwarded by nobody. A page that points its own name at 127.0.0.1 (DNS rebinding) still sends
//     its own Host; a page that posts across sites (CSRF) sends its Origin.

import { PawlError } from "../domain/errors.ts";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const LOOPBACK_ADDRESS = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** Whoever adds these speaks for somebody else, who may be anywhere. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || host === "::1" || LOOPBACK_ADDRESS.test(host);
}

/** Throws PawlError FORBIDDEN or UNAUTHENTICATED. */
export function guardLocal(headers: Headers, remoteAddress: string | undefined): void {
  if (remoteAddress !== undefined && !LOOPBACK_ADDRESS.test(remoteAddress)) {
    throw new PawlError("UNAUTHENTICATED", "From another machine a key is needed.");
  }
  if (FORWARDED.some((name) => headers.has(name))) {
    throw new PawlError("UNAUTHENTICATED", "Through a proxy a key is needed.");
  }
  const host = headers.get("host") ?? "";
  if (!LOOPBACK_NAMES.has(nameOf(host))) {
    throw new PawlError("FORBIDDEN", "Without a key, only requests to localhost are heard.");
  }
  const origin = headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) {
    throw new PawlError("FORBIDDEN", "Without a key, no other site is heard.");
  }
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") {
    throw new PawlError("FORBIDDEN", "Without a key, no other site is heard.");
  }
}

/** The host without its port. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}
