// The API's rate limits, where a test or a developer asks for some: `PUT /admin/limits`. One bucket a model
// and kind, refilled all the time; what the cache reads counts in none, output counts as it was written.
// Each answer says what is left; a request that finds too little is refused, and costs nothing.

import type { ServerResponse } from "node:http";
import { z } from "zod";
import { ApiError } from "./api-error.ts";

const perMinute = z.number().positive().optional();

/** Absent: no limit of that kind. `filled`: the share of the buckets that is there at first. */
export const limitList = z.strictObject({
  requests: perMinute,
  inputTokens: perMinute,
  outputTokens: perMinute,
  filled: z.number().min(0).max(1).default(1),
});

type LimitSettings = z.infer<typeof limitList>;

export interface RateLimiter {
  set(limits: LimitSettings): void;
  /** Says in headers what is left. Throws the refusal where that is too little. */
  admit(res: ServerResponse, model: string, uncachedTokens: number): void;
  wrote(model: string, outputTokens: number): void;
  clear(): void;
}

interface Bucket {
  readonly header: string;
  readonly what: string;
  readonly limit: number;
  /** As the API, which knows the output of a request only when it is written. */
  readonly isPaidLater: boolean;
  level: number;
  atMs: number;
}

const MINUTE_MS = 60_000;

export function createRateLimiter(nowMs: () => number): RateLimiter {
  let limits: LimitSettings = { filled: 1 };
  const buckets = new Map<string, readonly Bucket[]>();

  const bucketsOf = (model: string): readonly Bucket[] => {
    const known = buckets.get(model) ?? openBuckets(limits, nowMs());
    buckets.set(model, known);
    for (const bucket of known) refill(bucket, nowMs());
    return known;
  };

  return {
    set(next) {
      limits = next;
      buckets.clear();
    },
    admit(res, model, uncachedTokens) {
      const all = bucketsOf(model);
      const needs = all.map((bucket) => ({ bucket, need: needOf(bucket, uncachedTokens) }));
      const short = needs.filter(({ bucket, need }) => bucket.level < need);
      if (short.length === 0) for (const { bucket, need } of needs) take(bucket, need);
      for (const bucket of all) setHeaders(res, bucket, nowMs());
      if (short.length > 0) throw refusal(short);
    },
    wrote(model, outputTokens) {
      for (const bucket of bucketsOf(model)) if (bucket.isPaidLater) bucket.level -= outputTokens;
    },
    clear() {
      limits = { filled: 1 };
      buckets.clear();
    },
  };
}

function openBuckets({ requests, inputTokens, outputTokens, filled }: LimitSettings, atMs: number) {
  const bucket = (header: string, limit: number | undefined): Bucket[] =>
    limit === undefined
      ? []
      : [
          {
            header,
            what: header.replace("-", " "),
            limit,
            isPaidLater: header === "output-tokens",
            level: limit * filled,
            atMs,
          },
        ];
  return [
    ...bucket("requests", requests),
    ...bucket("input-tokens", inputTokens),
    ...bucket("output-tokens", outputTokens),
  ];
}

function refill(bucket: Bucket, nowMs: number): void {
  const gained = (bucket.limit * (nowMs - bucket.atMs)) / MINUTE_MS;
  bucket.level = Math.min(bucket.limit, bucket.level + gained);
  bucket.atMs = nowMs;
}

/** A request that needs more than a bucket can hold is let in when it is full. */
function needOf({ header, limit }: Bucket, uncachedTokens: number): number {
  return header === "input-tokens" ? Math.min(uncachedTokens, limit) : 1;
}

function take(bucket: Bucket, need: number): void {
  if (!bucket.isPaidLater) bucket.level -= need;
}

/** Tokens are told in thousands where there are many; the time is that at which the bucket is full. */
function setHeaders(res: ServerResponse, bucket: Bucket, nowMs: number): void {
  const { header, limit, level } = bucket;
  const isRounded = header !== "requests" && limit >= 100_000;
  const left = Math.max(0, level);
  const remaining = isRounded ? Math.round(left / 1000) * 1000 : Math.floor(left);
  const fullAtMs = nowMs + ((limit - level) / limit) * MINUTE_MS;
  res.setHeader(`anthropic-ratelimit-${header}-limit`, Math.ceil(limit));
  res.setHeader(`anthropic-ratelimit-${header}-remaining`, remaining);
  res.setHeader(`anthropic-ratelimit-${header}-reset`, new Date(fullAtMs).toISOString());
}

function refusal(short: readonly { readonly bucket: Bucket; readonly need: number }[]): ApiError {
  const waits = short.map(({ bucket, need }) => (need - bucket.level) / bucket.limit);
  const retryAfterS = Math.max(1, Math.ceil(Math.max(...waits) * 60));
  const { what, limit } = short[0]?.bucket ?? { what: "requests", limit: 0 };
  return new ApiError(
    429,
    "rate_limit_error",
    `This request would exceed your organization's rate limit of ${limit} ${what} per minute.`,
    { headers: { "retry-after": String(retryAfterS) } },
  );
}
