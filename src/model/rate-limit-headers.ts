// The rate limits that the API tells with each answer, in headers. Another provider sends none.

import type { RateLimits } from "../domain/rate-limits.ts";

const HEADERS = { requests: "requests", input: "input-tokens", output: "output-tokens" } as const;

/** Null where it says nothing. A limit counts only with what remains of it. */
export function rateLimitsIn(headers: Headers | undefined): RateLimits | null {
  if (headers === undefined) return null;
  const said = Object.entries(HEADERS).flatMap(([kind, name]) => {
    const limit = numberIn(headers, `anthropic-ratelimit-${name}-limit`);
    const remaining = numberIn(headers, `anthropic-ratelimit-${name}-remaining`);
    if (limit === null || limit === 0 || remaining === null) return [];
    return [[kind, { limit, remaining }] as const];
  });
  return said.length === 0 ? null : Object.fromEntries(said);
}

function numberIn(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
