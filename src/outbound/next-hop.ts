// Where an answer redirects to, and what of the request may go there. To another origin go no headers but those that
// say what is wanted, and no body: either could hold a key.

import type { IncomingMessage } from "node:http";
import { OutboundError } from "./outbound-error.ts";

export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

const HARMLESS: readonly string[] = ["accept", "accept-language", "user-agent"];

/** Null where it is no redirect. Throws where it can't be followed; where it leads is checked by who follows. */
export function nextHop(hop: Hop, { statusCode = 0, headers }: IncomingMessage): Hop | null {
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
    return null;
  // As bytes it is UTF-8, which Node reads as Latin-1.
  const location = Buffer.from(headers.location, "latin1").toString("utf8");
  if (!URL.canParse(location, hop.url.href))
    throw new OutboundError("redirect", "It redirects to what is no URL.");
  const url = new URL(location, hop.url);
  if (hop.url.protocol === "https:" && url.protocol !== "https:")
    throw new OutboundError("redirect", "It redirects from https to an unencrypted address.");
  const { method, isEmptied } = following(hop.method, statusCode);
  const sent: Hop = isEmptied
    ? { url, method, headers: withoutBodyHeaders(hop.headers), body: Buffer.alloc(0) }
    : { url, method, headers: hop.headers, body: hop.body };
  if (url.origin === hop.url.origin) return sent;
  if (!["GET", "HEAD"].includes(sent.method) || sent.body.length > 0)
    throw new OutboundError("redirect", "It redirects a request with a body to another origin.");
  return { ...sent, headers: harmless(sent.headers) };
}

/** As the Fetch Standard has it. */
function following(method: string, status: number): { method: string; isEmptied: boolean } {
  const isTurned =
    (status === 303 && method !== "GET" && method !== "HEAD") ||
    ((status === 301 || status === 302) && method === "POST");
  return isTurned ? { method: "GET", isEmptied: true } : { method, isEmptied: false };
}

function withoutBodyHeaders(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => !name.startsWith("content-")));
}

function harmless(headers: Headers): Headers {
  return new Headers([...headers].filter(([name]) => HARMLESS.includes(name)));
}
