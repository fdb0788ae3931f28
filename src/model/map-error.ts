// One place decides what an error of the SDK means: its code in our catalogue, what the attempt may have cost
// by how far it got, and when to come again. Message texts are not contractual, so they are reported and never
// matched on; with two exceptions that have no code of their own: a spend limit (below), and a prompt that is too
// long (prompt-too-long.ts).

import { types } from "node:util";
import { APIConnectionTimeoutError, APIError } from "@anthropic-ai/sdk";
import type { ImageDimensionsTooLargeErrorDetails } from "@anthropic-ai/sdk/resources/messages/messages";
import type { ErrorCode } from "../domain/errors.ts";
import type { Reached } from "./journey.ts";
import { ModelCallError, type Billing } from "./model.ts";
import { tooLongIn } from "./prompt-too-long.ts";
import { rateLimitsIn } from "./rate-limit-headers.ts";
import { retryAfterIn } from "./retry-after.ts";
import { plainWords } from "./words.ts";

const IMAGE_CODE = "image_dimensions_too_large";
const SPEND_LIMIT_CODES = ["enforced_spend_limit_reached", "contract_spend_limit_reached"];

/** `about`: what the request named, and a 404 says is not there. */
export function toModelCallError(
  error: unknown,
  reached: Reached,
  about: "model" | "batch" = "model",
): ModelCallError {
  if (error instanceof ModelCallError) return error;
  if (error instanceof APIError && error.status !== undefined) {
    const isGone = about === "model" && namesNoModel(error);
    return fromStatus(error, isGone ? "MODEL_RETIRED" : codeOfStatus(error, error.status));
  }
  const message = messageOf(error);
  switch (reached) {
    case "stream": {
      const isInvalid = isSyntaxError(error);
      return new ModelCallError(
        isInvalid ? "PROVIDER_STREAM_INVALID" : "PROVIDER_STREAM_CUT",
        `The reply broke off: ${message}`,
        { billing: "unknown", isSaid: isInvalid, cause: error },
      );
    }
    case "sent":
      return unreachable(message, { billing: "unknown", isFinal: false, cause: error });
    case "nothing": {
      const isFinal = !passes(error);
      const hint = isFinal ? hintFor(error) : "";
      return unreachable(`${message}${hint}`, { billing: "unsent", isFinal, cause: error });
    }
  }
}

type StatusError = APIError;

function unreachable(
  message: string,
  details: { billing: Billing; isFinal: boolean; cause: unknown },
): ModelCallError {
  return new ModelCallError(
    "PROVIDER_UNREACHABLE",
    `No answer from the provider: ${message}`,
    details,
  );
}

function fromStatus(error: StatusError, code: ErrorCode): ModelCallError {
  const status = error.status ?? 0;
  const retryAfterMs =
    status === 429 || status >= 500 ? retryAfterIn(error.headers, Date.now()) : null;
  const said = error.apiMessage ?? plainWords(withoutStatus(error));
  const images = imagesTooLarge(error);
  const where = isWrongAddress(error, status) ? "; check ANTHROPIC_BASE_URL" : "";
  const tooLong = MAY_BE_TOO_LONG.includes(code) ? tooLongIn(error.error, said) : null;
  return new ModelCallError(
    tooLong === null ? code : "PROMPT_TOO_LONG",
    `The provider answered ${status}: ${said}${images}${where}`,
    {
      billing: billingOf(error, status),
      retryAfterMs,
      limits: status === 429 ? rateLimitsIn(error.headers) : null,
      contextTokens: tooLong?.contextTokens ?? null,
      cause: error,
    },
  );
}

/** Some servers answer 500 to it. */
const MAY_BE_TOO_LONG: readonly ErrorCode[] = ["PROVIDER_REJECTED", "PROVIDER_UNAVAILABLE"];

/** The SDK puts it before what it makes of a page. */
function withoutStatus({ status, message }: StatusError): string {
  const prefix = `${status} `;
  return message.startsWith(prefix) ? message.slice(prefix.length) : message;
}

const NOT_TAKEN: readonly number[] = [501, 505];
const NO_SUCH_PLACE: readonly number[] = [404, 405, 501];

/**
 * An error that the API itself phrased is free, and so is what says that the call was not taken. Where something
 * before the API answers, the API may have read the prompt, but no reply had begun.
 */
function billingOf(error: StatusError, status: number): Billing {
  const isTaken = (status >= 500 && !NOT_TAKEN.includes(status)) || status === 408;
  return isTaken && !isOfApi(error) ? "prompt" : "free";
}

/** `{"type": "error", "error": {…}}`; gateways write shapes of their own. */
function isOfApi({ error, type }: StatusError): boolean {
  return (
    type !== null &&
    typeof error === "object" &&
    error !== null &&
    "type" in error &&
    error.type === "error"
  );
}

/** Other servers say `not_found_error` of their paths too. */
function namesNoModel(error: StatusError): boolean {
  return error.status === 404 && error.type === "not_found_error" && isOfApi(error);
}

const COUNTS_NONE: readonly number[] = [400, 404, 405, 422, 501];

/**
 * What answers counts no tokens, in whose words ever: a gateway passes on what the server behind it says of a path
 * that it does not have. Whatever else is wrong with the prompt or its model, the call itself will be told.
 */
export function countsNoTokens(error: unknown): boolean {
  if (!(error instanceof APIError) || error.status === undefined) return false;
  return COUNTS_NONE.includes(error.status) && tooLongIn(error.error, error.message) === null;
}

function isWrongAddress(error: StatusError, status: number): boolean {
  return NO_SUCH_PLACE.includes(status) && !isOfApi(error);
}

function codeOfStatus(error: StatusError, status: number): ErrorCode {
  if (isSpendLimit(error, status)) return "PROVIDER_SPEND_LIMIT";
  if (status === 401 || status === 403) return "PROVIDER_AUTH";
  if (status === 429) return "PROVIDER_RATE_LIMITED";
  if (status === 529) return "PROVIDER_OVERLOADED";
  if (NOT_TAKEN.includes(status)) return "PROVIDER_REJECTED";
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

/** Codes of the network, whose troubles come and go. What else fails before a request has left fails again. */
const OF_NETWORK = /^(E(?!PROTO$)[A-Z]+|EAI_[A-Z]+|UND_ERR_(?!INVALID|NOT_SUPPORTED)[A-Z_]+)$/;

function passes(error: unknown): boolean {
  if (error instanceof APIConnectionTimeoutError) return true;
  return causes(error).some((cause) => OF_NETWORK.test(codeOf(cause)));
}

function hintFor(error: unknown): string {
  const isCertificate = causes(error).some((cause) => /CERT|ISSUER|SIGNATURE/.test(codeOf(cause)));
  return isCertificate
    ? "; name the certificate authority to the worker in NODE_EXTRA_CA_CERTS"
    : "; check ANTHROPIC_BASE_URL";
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
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
