// The provider's count of tokens as it comes in. What a reply costs is read from here, so a count that
// is missing or impossible makes the reply worthless: it is lost, and charged at its worst case.

import { NO_USAGE, type Usage } from "../domain/usage.ts";
import { ModelCallError } from "./model.ts";

/** The wire leaves out what the SDK's types call required. */
export interface WireUsage {
  readonly input_tokens?: number | null;
  readonly output_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly cache_creation_input_tokens?: number | null;
  readonly cache_creation?: {
    readonly ephemeral_5m_input_tokens?: number;
    readonly ephemeral_1h_input_tokens?: number;
  } | null;
  readonly server_tool_use?: { readonly web_search_requests?: number } | null;
}

export class UsageMeter {
  #usage: Usage = NO_USAGE;
  #inputKnown = false;
  #outputKnown = false;

  get soFar(): Usage {
    return this.#usage;
  }

  /** Counts are cumulative; what a later event leaves out stays as it was. */
  read(wire: WireUsage | undefined): void {
    if (wire === undefined) return;
    this.#usage = usageFrom(wire, this.#usage);
    this.#inputKnown ||= typeof wire.input_tokens === "number";
    this.#outputKnown ||= typeof wire.output_tokens === "number";
  }

  total(): Usage {
    if (!this.#inputKnown || !this.#outputKnown) throw invalid("no usage came with it");
    const wrong = Object.entries(this.#usage).find(([, n]) => !Number.isSafeInteger(n) || n < 0);
    if (wrong !== undefined) throw invalid(`its ${wrong[0]} are ${String(wrong[1])}`);
    return this.#usage;
  }
}

function usageFrom(wire: WireUsage, before: Usage): Usage {
  const written = wire.cache_creation_input_tokens;
  const oneHour = wire.cache_creation?.ephemeral_1h_input_tokens ?? before.cacheWrite1hTokens;
  return {
    inputTokens: wire.input_tokens ?? before.inputTokens,
    cacheReadTokens: wire.cache_read_input_tokens ?? before.cacheReadTokens,
    cacheWrite5mTokens:
      wire.cache_creation?.ephemeral_5m_input_tokens ??
      (typeof written === "number" ? written - oneHour : before.cacheWrite5mTokens),
    cacheWrite1hTokens: oneHour,
    outputTokens: wire.output_tokens ?? before.outputTokens,
    webSearchRequests: wire.server_tool_use?.web_search_requests ?? before.webSearchRequests,
  };
}

function invalid(what: string): ModelCallError {
  return new ModelCallError("PROVIDER_STREAM_INVALID", `The reply has no price: ${what}.`, {
    billing: "unknown",
    isSaid: true,
  });
}
