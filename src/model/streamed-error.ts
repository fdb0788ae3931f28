// An error that comes in the middle of a stream, in whatever shape: as the API writes it
// (`{"type": "error", "error": {…}}`), wrapped only, bare (`{"code", "message", "type"}`) or as plain text. It is
// the provider's word, and told whole.

import type { ErrorCode } from "../domain/errors.ts";
import { ModelCallError } from "./model.ts";
import { tooLongIn } from "./prompt-too-long.ts";

const OF_TYPE: Partial<Record<string, ErrorCode>> = {
  overloaded_error: "PROVIDER_OVERLOADED",
  rate_limit_error: "PROVIDER_RATE_LIMITED",
  invalid_request_error: "PROVIDER_REJECTED",
  authentication_error: "PROVIDER_AUTH",
  permission_error: "PROVIDER_AUTH",
};

const OF_NUMBER: Partial<Record<string, ErrorCode>> = {
  "400": "PROVIDER_REJECTED",
  "401": "PROVIDER_AUTH",
  "403": "PROVIDER_AUTH",
  "413": "PROVIDER_REJECTED",
  "422": "PROVIDER_REJECTED",
  "429": "PROVIDER_RATE_LIMITED",
  "529": "PROVIDER_OVERLOADED",
};

/** `data`: of the event, parsed where it is JSON. */
export function streamedError(data: unknown): ModelCallError {
  const said = innermost(data);
  const type = textIn(said, "type") ?? "";
  const code = OF_TYPE[type] ?? OF_NUMBER[textIn(said, "code") ?? ""] ?? "PROVIDER_UNAVAILABLE";
  const words = textIn(said, "message") ?? asText(said);
  const tooLong = tooLongIn(data, words);
  return new ModelCallError(
    tooLong === null ? code : "PROMPT_TOO_LONG",
    `The provider broke off its reply: ${words}`,
    {
      // Where a block of the reply had begun, who reads the stream knows better.
      billing: "prompt",
      isSaid: true,
      contextTokens: tooLong?.contextTokens ?? null,
    },
  );
}

/** True of data that names no event of the API and can only be an error. */
export function isErrorData(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  if ("type" in data && data.type === "error") return true;
  if ("error" in data && data.error !== null && data.error !== undefined) return true;
  return "message" in data && typeof data.message === "string";
}

function innermost(data: unknown): unknown {
  if (typeof data !== "object" || data === null || !("error" in data)) return data;
  return data.error ?? data;
}

function textIn(said: unknown, name: string): string | null {
  if (typeof said !== "object" || said === null) return null;
  const value: unknown = Reflect.get(said, name);
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function asText(said: unknown): string {
  return typeof said === "string" ? said : JSON.stringify(said);
}
