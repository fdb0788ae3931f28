// The provider's count of tokens as it comes in. What a reply costs is read from here, so a count that
// is missing or no count makes the reply worthless: it is lost, and charged at its worst case. Counts
// are cumulative and never fall: of each the largest counts that was seen, in whole or in parts.

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

const SHOWN_CHARS = 40;

export class UsageMeter {
  readonly #cacheTtl: "5m" | "1h";
  #largest = { ...NO_USAGE, cacheWriteTokens: 0 };
  #inputKnown = false;
  #hasParts = false;
  #outputKnown = false;
  #wrong: string | null = null;
  readonly #fell = new Set<string>();

  /** For how long the cache was asked to keep the prompt: what was written to it for no named time is of that. */
  constructor(cacheTtl: "5m" | "1h" = "5m") {
    this.#cacheTtl = cacheTtl;
  }

  get soFar(): Usage {
    const { cacheWriteTokens, ...usage } = this.#largest;
    const parts = usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
    const rest = Math.max(0, cacheWriteTokens - parts);
    return this.#cacheTtl === "1h"
      ? { ...usage, cacheWrite1hTokens: usage.cacheWrite1hTokens + rest }
      : { ...usage, cacheWrite5mTokens: usage.cacheWrite5mTokens + rest };
  }

  /** What was told in two ways. The dearer one is taken. */
  get contradictions(): readonly string[] {
    const { cacheWriteTokens, cacheWrite5mTokens, cacheWrite1hTokens } = this.#largest;
    const parts = cacheWrite5mTokens + cacheWrite1hTokens;
    const differs = this.#hasParts && parts !== cacheWriteTokens;
    const said = `${cacheWriteTokens} tokens written to the cache, and ${parts} by their time`;
    return [...[...this.#fell].map((what) => `${what} that fell`), ...(differs ? [said] : [])];
  }

  /** What an event leaves out stays as it was. */
  read(wire: WireUsage | null | undefined): void {
    if (wire === null || wire === undefined) return;
    const { cache_creation: parts, server_tool_use: servers } = wire;
    this.#note("inputTokens", wire.input_tokens);
    this.#note("outputTokens", wire.output_tokens);
    this.#note("cacheReadTokens", wire.cache_read_input_tokens);
    this.#note("cacheWriteTokens", wire.cache_creation_input_tokens);
    this.#note("cacheWrite5mTokens", parts?.ephemeral_5m_input_tokens);
    this.#note("cacheWrite1hTokens", parts?.ephemeral_1h_input_tokens);
    this.#note("webSearchRequests", servers?.web_search_requests);
    this.#hasParts ||= parts !== null && parts !== undefined;
    this.#inputKnown ||= typeof wire.input_tokens === "number";
    this.#outputKnown ||= typeof wire.output_tokens === "number";
  }

  total(): Usage {
    if (this.#wrong !== null) throw invalid(this.#wrong);
    if (!this.#inputKnown || !this.#outputKnown) throw invalid("no usage came with it");
    return this.soFar;
  }

  #note(what: keyof Usage | "cacheWriteTokens", count: unknown): void {
    if (count === null || count === undefined) return;
    if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) {
      if (count < this.#largest[what]) this.#fell.add(what);
      this.#largest[what] = Math.max(this.#largest[what], count);
    } else {
      this.#wrong ??= `its ${what} are ${shown(count)}`;
    }
  }
}

function shown(count: unknown): string {
  return typeof count === "number" ? String(count) : JSON.stringify(count).slice(0, SHOWN_CHARS);
}

function invalid(what: string): ModelCallError {
  return new ModelCallError("PROVIDER_STREAM_INVALID", `The reply has no price: ${what}.`, {
    billing: "unknown",
    isSaid: true,
  });
}
