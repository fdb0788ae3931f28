// Faults instead of a reply: error answers of the API and pages of the edge in front of it. All free.

import { STATUS_CODES, type ServerResponse } from "node:http";
import { ApiError, type ApiErrorOptions } from "./api-error.ts";
import type { HttpFault } from "./faults.ts";
import { unreachable } from "./unreachable.ts";

/** Throws the error that is the answer, or answers with a page. */
export function answerInstead(res: ServerResponse, fault: HttpFault): void {
  if (fault.kind === "page") {
    sendPage(res, fault.status, STATUS_CODES[fault.status] ?? "Sorry");
  } else if (fault.kind === "html_ok") {
    sendPage(res, 200, "Sign in to the network");
  } else {
    throw errorOf(fault);
  }
}

function sendPage(res: ServerResponse, status: number, title: string): void {
  res.writeHead(status, { "content-type": "text/html" });
  res.end(`<html><head><title>${title}</title></head></html>`);
}

type ErrorFault = Exclude<HttpFault, { kind: "html_ok" | "page" }>;

function errorOf(fault: ErrorFault): ApiError {
  switch (fault.kind) {
    case "rate_limit":
      return new ApiError(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute.",
        retryAfter(fault.retryAfterS),
      );
    case "spend_limit":
      return new ApiError(
        429,
        "rate_limit_error",
        "Your organization has reached its monthly spend limit.",
        { errorCode: fault.errorCode },
      );
    case "usage_limit":
      return new ApiError(
        400,
        "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on the first of next month at 00:00 UTC.",
      );
    case "image_too_large":
      return new ApiError(
        400,
        "invalid_request_error",
        "The longest side of one or more images exceeds the limit.",
        {
          errorCode: "image_dimensions_too_large",
          details: {
            max_side_length_pixels: fault.sidePixelsMax,
            paths: ["messages.0.content.1"],
          },
        },
      );
    case "model_retired":
      return new ApiError(404, "not_found_error", "model: it is served no more");
    case "billing":
      return new ApiError(
        402,
        "billing_error",
        "Your credit balance is too low to access the API.",
      );
    case "auth":
      return new ApiError(401, "authentication_error", "invalid bearer token");
    case "permission":
      return new ApiError(403, "permission_error", "Your API key may not use this resource.");
    case "overloaded":
      return new ApiError(529, "overloaded_error", "Overloaded", retryAfter(fault.retryAfterS));
    case "server_error":
      return new ApiError(
        fault.status,
        fault.status === 504 ? "timeout_error" : "api_error",
        "Internal server error",
      );
    default:
      return unreachable(fault);
  }
}

function retryAfter(seconds: number | undefined): ApiErrorOptions {
  return seconds === undefined ? {} : { headers: { "retry-after": String(seconds) } };
}
