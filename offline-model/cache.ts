// The provider's prompt cache, so that usage and cost offline follow the rules that hold online.
// C1 An entry is a prefix that ends at a breakpoint; it is found again up to 20 blocks back from one.
// C2 Prefixes shorter than the model's minimum are never cached.
// C3 Tools, system and messages are one chain: a change breaks everything after it; another model
//    breaks all, another tool choice, thinking or output setting breaks the messages.
// C4 An entry is usable once the reply that writes it has begun (`commit`); reading renews it.

import { createHash } from "node:crypto";
import { promptTokens, type CacheTtl, type Segment } from "./tokens.ts";
import type { PromptParams } from "./request.ts";

const LOOKBACK_BLOCKS = 20;
const TTL_MS: Readonly<Record<CacheTtl, number>> = { "5m": 300_000, "1h": 3_600_000 };

interface CachedPrefix {
  readonly ttl: CacheTtl;
  expiresAtMs: number;
}

export interface CachePlan {
  readonly inputTokens: number;
  readonly readTokens: number;
  readonly write5mTokens: number;
  readonly write1hTokens: number;
  commit(): void;
}

export interface PromptCache {
  plan(prompt: PromptParams, segments: readonly Segment[], tokensMin: number): CachePlan;
  clear(): void;
}

export function createPromptCache(nowMs: () => number): PromptCache {
  const entries = new Map<string, CachedPrefix>();

  const alive = (hash: string): CachedPrefix | undefined => {
    const entry = entries.get(hash);
    return entry !== undefined && entry.expiresAtMs > nowMs() ? entry : undefined;
  };

  return {
    plan(prompt, segments, tokensMin) {
      const prefixes = prefixesOf(prompt, segments);
      const marks = breakpoints(prompt, segments).filter(
        ({ at }) => (prefixes[at]?.tokens ?? 0) >= tokensMin,
      );
      const hit = longestHit(marks, (at) => alive(prefixes[at]?.hash ?? "") !== undefined);
      const readTokens = prefixes[hit]?.tokens ?? 0;
      const writes = marks.filter(({ at }) => at > hit);
      let [from, write5mTokens, write1hTokens] = [readTokens, 0, 0];
      for (const { at, ttl } of writes) {
        const tokens = (prefixes[at]?.tokens ?? 0) - from;
        if (ttl === "1h") write1hTokens += tokens;
        else write5mTokens += tokens;
        from += tokens;
      }
      return {
        inputTokens: promptTokens(segments) - readTokens - write5mTokens - write1hTokens,
        readTokens,
        write5mTokens,
        write1hTokens,
        commit() {
          const read = entries.get(prefixes[hit]?.hash ?? "");
          if (read !== undefined) read.expiresAtMs = nowMs() + TTL_MS[read.ttl];
          for (const { at, ttl } of writes) {
            const hash = prefixes[at]?.hash;
            if (hash !== undefined) entries.set(hash, { ttl, expiresAtMs: nowMs() + TTL_MS[ttl] });
          }
        },
      };
    },
    clear: () => entries.clear(),
  };
}

interface CacheMark {
  readonly at: number;
  readonly ttl: CacheTtl;
}

/** Explicit marks, and the automatic one (top-level `cache_control`) at the last block. */
export function breakpoints(prompt: PromptParams, segments: readonly Segment[]): CacheMark[] {
  const marks = segments.flatMap((segment, at) =>
    segment.breakpoint === undefined ? [] : [{ at, ttl: segment.breakpoint }],
  );
  const automatic = prompt.cache_control;
  const last = segments.length - 1;
  if (automatic === undefined || automatic === null || last < 0) return marks;
  if (marks.some(({ at }) => at === last)) return marks;
  return [...marks, { at: last, ttl: automatic.ttl ?? "5m" }];
}

function longestHit(marks: readonly CacheMark[], isCached: (at: number) => boolean): number {
  for (const { at } of marks.toReversed()) {
    for (let back = at; back > at - LOOKBACK_BLOCKS && back >= 0; back -= 1) {
      if (isCached(back)) return back;
    }
  }
  return -1;
}

function prefixesOf(
  prompt: PromptParams,
  segments: readonly Segment[],
): { hash: string; tokens: number }[] {
  const { model, tool_choice, thinking, output_config } = prompt;
  const chain = createHash("sha256").update(model);
  let tokens = 0;
  let inMessages = false;
  return segments.map((segment) => {
    if (segment.section === "messages" && !inMessages) {
      inMessages = true;
      chain.update(JSON.stringify([tool_choice, thinking, output_config]));
    }
    chain.update("\n").update(segment.section).update(segment.bytes);
    tokens += segment.tokens;
    return { hash: chain.copy().digest("hex"), tokens };
  });
}
