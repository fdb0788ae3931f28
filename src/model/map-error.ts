// One place decides what an error of the SDK means: its code in our catalogue, whether the attempt
// may have cost money, and when to come again. Message texts are not contractual, so they are
// reported and never matched on; with one exception that has no code of its own (see below).

import { types } from "node:util";
import { APIError } from "@anthropic-ai/sdk";
import type { ImageDimensionsTooLargeErrorDetails } from "@anthropic-ai/sdk/resources/messages/messages";
import type { ErrorCode } from "../domain/errors.ts";
import { ModelCallError } from "./model.ts";
import { rateLimitsIn } from "./rate-limit-headers.ts";

const IMAGE_CODE = "image_dimensions_too_large";
const SPEND_LIMIT_CODES = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];

/**
 * `streaming`: headers of a successful response had arrived when it happened. `about`: what the request
 * named, and a 404 says is not there.
 */
export function toModelCallError(
  error: unknown,
  streaming: boolean,
  about: "model" | "batch" = "model",
): ModelCallError {
  if (error instanceof ModelCallError) return error;
  if (error instanceof APIError && error.status !== undefined) {
    const isGone = about === "model" && error.status === 404 && error.type === "not_found_error";
    return fromStatus(error, isGone ? "MODEL_RETIRED" : codeOfStatus(error, error.status));
  }
  if (error instanceof APIError && error.type !== null) return fromStreamedError(error);
  const message = messageOf(error);
  if (streaming) {
    const code = isSyntaxError(error) ? "PROVIDER_STREAM_INVALID" : "PROVIDER_STREAM_CUT";
    return new ModelCallError(code, `The reply broke off: ${message}`, {
      billing: "unknown",
      cause: error,
    });
  }
  return new ModelCallError("PROVIDER_UNREACHABLE", `No answer from the provider: ${message}`, {
    billing: neverConnected(error) ? "unsent" : "unknown",
    cause: error,
  });
}

type StatusError = APIError;

function fromStatus(error: StatusError, code: ErrorCode): ModelCallError {
  const status = error.status ?? 0;
  const retryAfterMs = status === 429 || status >= 500 ? retryAfter(error.headers) : null;
  const said = error.apiMessage ?? error.message;
  const images = imagesTooLarge(error);
  return new ModelCallError(code, `The provider answered ${status}: ${said}${images}`, {
    // An error that the API itself phrased is free; a gateway's page says nothing about what the
    // API behind it did.
    billing: error.type === null && (status >= 500 || status === 408) ? "unknown" : "free",
    retryAfterMs,
    limits: status === 429 ? rateLimitsIn(error.headers) : null,
    cause: error,
  });
}

function codeOfStatus(error: StatusError, status: number): ErrorCode {
  if (isSpendLimit(error, status)) return "PROVIDER_SPEND_LIMIT";
  if (status === 401 || status === 403) return "PROVIDER_AUTH";
  if (status === 429) return "PROVIDER_RATE_LIMITED";
  if (status === 529) return "PROVIDER_OVERLOADED";
  if (status === 408 || status === 409 || status >= 500) return "PROVIDER_UNAVAILABLE";
  if (error.errorCode === IMAGE_CODE) return "IMAGE_TOO_LARGE";
  return "PROVIDER_REJECTED";
}

/** The sentence of the API may leave out which images, and how small is small enough. */
function imagesTooLarge(error: StatusError): string {
  const { details } = error;
  if (details?.error_code !== IMAGE_CODE) return "";
  const said: Partial<ImageDimensionsTooLargeErrorDetails> = details;
  const { max_side_length_pixels: sidePixelsMax, paths = [] } = said;
  if (sidePixelsMax === undefined) return "";
  return ` (at most ${sidePixelsMax} pixels a side: ${paths.join(", ")})`;
}

/** The 400 of a workspace's own usage limit carries no error code, only this sentence. */
function isSpendLimit(error: StatusError, status: number): boolean {
  if (status === 402) return true;
  if (error.errorCode !== null && SPEND_LIMIT_CODES.includes(error.errorCode)) return true;
  return status === 400 && /API usage limits/i.test(error.apiMessage ?? "");
}

/** An `error` event after a 200: part of a reply was made, so its price is unknown. */
function fromStreamedError(error: StatusError): ModelCallError {
  const code: Partial<Record<string, ErrorCode>> = {
    overloaded_error: "PROVIDER_OVERLOADED",
    rate_limit_error: "PROVIDER_RATE_LIMITED",
    invalid_request_error: "PROVIDER_REJECTED",
    authentication_error: "PROVIDER_AUTH",
    permission_error: "PROVIDER_AUTH",
  };
  const said = error.apiMessage ?? error.message;
  return new ModelCallError(
    code[error.type ?? ""] ?? "PROVIDER_UNAVAILABLE",
    `The provider broke off its reply: ${said}`,
    { billing: "unknown", cause: error },
  );
}

function retryAfter(headers: Headers | undefined): number | null {
  const ms = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (ms > 0) return ms;
  const text = headers?.get("retry-after") ?? null;
  if (text === null) return null;
  const seconds = Number(text);
  const delayMs = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return delayMs > 0 ? delayMs : null;
}

const BEFORE_SENDING = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
];

function neverConnected(error: unknown): boolean {
  return causes(error).some(
    (cause) => "code" in cause && BEFORE_SENDING.includes(String(cause.code)),
  );
}

function messageOf(error: unknown): string {
  const chain = causes(error).map((cause) => cause.message);
  return chain.length > 0 ? [...new Set(chain)].join(": ") : String(error);
}

function isSyntaxError(error: unknown): boolean {
  return types.isNativeError(error) && error.name === "SyntaxError";
}

/** Errors of `fetch` can come from another realm, where `instanceof Error` fails. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let e = error; types.isNativeError(e) && chain.length < 5; e = e.cause) chain.push(e);
  return chain;
}
