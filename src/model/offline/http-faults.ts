// Faults instead of a reply: error answers of the API and pages of the edge in front of it. All free.

import { ApiError, type ApiErrorOptions } from "./api-error.ts";
import type { Fault } from "./faults.ts";

export interface HtmlPage {
  readonly status: number;
  readonly html: string;
}

export function errorOf(fault: Fault): ApiError | undefined {
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
      return undefined;
  }
}

export function pageOf(fault: Fault): HtmlPage | undefined {
  if (fault.kind === "bad_gateway_html") {
    return { status: 502, html: "<html><head><title>502 Bad Gateway</title></head></html>" };
  }
  if (fault.kind === "html_ok") {
    return { status: 200, html: "<html><head><title>Sign in to the network</title></head></html>" };
  }
  return undefined;
}

function retryAfter(seconds: number | undefined): ApiErrorOptions {
  return seconds === undefined ? {} : { headers: { "retry-after": String(seconds) } };
}
