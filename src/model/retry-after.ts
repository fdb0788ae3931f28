// When the provider says that it may be asked again. The number comes from outside and closes a model for a whole
// fleet, so it is bounded: what reads as a moment near now (in Unix time, as some gateways write it) is that
// moment, and whatever else is longer than the bound is the bound. At its end one call goes out and finds out.

export const RETRY_AFTER_MAX_MS = 3_600_000;

/** How far from now a number may lie to be read as a moment. */
const NEAR_MS = 7 * 24 * 3_600_000;

/** Null where nothing is said, or nothing that makes sense. Parts of a millisecond stay. */
export function retryAfterIn(headers: Headers | undefined, nowMs: number): number | null {
  const ms = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (ms > 0) return bounded(delayOf(ms, nowMs));
  const text = headers?.get("retry-after") ?? null;
  if (text === null) return null;
  const seconds = Number(text);
  const isNumber = text.trim() !== "" && !Number.isNaN(seconds);
  return bounded(isNumber ? delayOf(seconds * 1000, nowMs) : Date.parse(text) - nowMs);
}

/** Unix time is written in seconds or in milliseconds. */
function delayOf(ms: number, nowMs: number): number {
  const moment = [ms, ms / 1000].find((at) => Math.abs(at - nowMs) < NEAR_MS);
  return moment === undefined ? ms : moment - nowMs;
}

function bounded(delayMs: number): number | null {
  return delayMs > 0 ? Math.min(delayMs, RETRY_AFTER_MAX_MS) : null;
}
