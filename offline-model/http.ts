// The few pieces of HTTP that every route needs.

import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError, errorBody, invalidRequest } from "./api-error.ts";

const BODY_BYTES_MAX = 32 * 1024 * 1024;
const TIER = {
  requests: 4_000,
  tokens: 4_000_000,
  "input-tokens": 2_000_000,
  "output-tokens": 400_000,
};

/** Reads to the end even when it is too much: a client that still writes would never see the answer. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += part.length;
    if (bytes <= BODY_BYTES_MAX) chunks.push(part);
    else chunks.length = 0;
  }
  if (bytes > BODY_BYTES_MAX) {
    throw new ApiError(413, "request_too_large", "Request exceeds the maximum size of 32 MB");
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw invalidRequest("The request body is not valid JSON");
  }
}

export function sendJson(res: ServerResponse, status: number, body: object): void {
  if (res.destroyed || res.headersSent) return;
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  res.end(bytes);
}

export function sendError(res: ServerResponse, error: ApiError, requestId: string): void {
  if (res.destroyed || res.headersSent) return;
  for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value);
  sendJson(res, error.status, errorBody(error, requestId));
}

/** Limits of a mid tier, never used up: the offline model limits nobody unless it is told to. */
export function setApiHeaders(res: ServerResponse, requestId: string): void {
  const reset = new Date(Date.now() + 1_000).toISOString();
  res.setHeader("request-id", requestId);
  res.setHeader("anthropic-organization-id", "org-offline");
  for (const [name, limit] of Object.entries(TIER)) {
    res.setHeader(`anthropic-ratelimit-${name}-limit`, limit);
    res.setHeader(`anthropic-ratelimit-${name}-remaining`, limit);
    res.setHeader(`anthropic-ratelimit-${name}-reset`, reset);
  }
}

export function headerOf(req: IncomingMessage, name: string): string | null {
  const value = req.headers[name];
  return typeof value === "string" && value !== "" ? value : null;
}
