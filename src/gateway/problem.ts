// Errors as RFC 9457 problem documents, with the catalogue's status and what to do next.

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "@hono/zod-openapi";
import { CATALOGUE, isPawlError, PawlError, type ErrorCode } from "../domain/errors.ts";
import { capitalized } from "../domain/sentence.ts";
import type { GatewayEnv } from "./route-context.ts";

export const PROBLEM = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    next: z.string(),
    requestId: z.string(),
  })
  .openapi("Problem");

/** Seconds until a service that is away is worth asking again. */
const AWAY_RETRY_AFTER_S = 5;

export class RateLimitedError extends PawlError {
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super("RATE_LIMITED", `Too many requests; the next one is heard in ${retryAfterS} s.`);
    this.retryAfterS = retryAfterS;
  }
}

/** Never tells more than the catalogue and the error's own sentence; the log has the rest. */
export function problemOf(error: unknown, c: Context<GatewayEnv>): Response {
  const code = isPawlError(error) ? error.code : "INTERNAL";
  const { httpStatus, next } = CATALOGUE[code];
  tellTrouble(error, code, c);
  const retryAfterS = retryAfter(error, httpStatus);
  if (retryAfterS !== null) c.header("Retry-After", String(retryAfterS));
  if (code === "UNAUTHENTICATED") c.header("WWW-Authenticate", 'Bearer realm="pawl"');
  c.header("Content-Type", "application/problem+json");
  c.header("Cache-Control", "no-store");
  const body = {
    type: `urn:pawl:error:${code}`,
    title: titleOf(code),
    status: httpStatus,
    detail: detailOf(error, httpStatus),
    code,
    next: code === "USAGE" ? "see openapi.json of this gateway for what this route takes" : next,
    requestId: c.get("requestId"),
  } satisfies z.input<typeof PROBLEM>;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the catalogue holds statuses of answers with a body
  return c.body(JSON.stringify(body), httpStatus as ContentfulStatusCode);
}

function tellTrouble(error: unknown, code: ErrorCode, c: Context<GatewayEnv>): void {
  if (CATALOGUE[code].httpStatus < 500) return;
  const requestId = c.get("requestId");
  c.get("gateway").telemetry.emit({ event: "http_trouble", requestId, code, error });
}

function retryAfter(error: unknown, status: number): number | null {
  if (error instanceof RateLimitedError) return error.retryAfterS;
  return status === 503 || status === 429 ? AWAY_RETRY_AFTER_S : null;
}

/** Addresses and stacks of what lies behind the gateway are nobody's business in front of it. */
function detailOf(error: unknown, status: number): string {
  if (isPawlError(error) && status < 500) return error.message;
  return status === 503
    ? "A service behind the gateway does not answer. Nothing is known to have been done."
    : "The gateway could not answer this request.";
}

/** RUN_NOT_FOUND → "Run not found". */
function titleOf(code: ErrorCode): string {
  return capitalized(code.toLowerCase().replaceAll("_", " "));
}
