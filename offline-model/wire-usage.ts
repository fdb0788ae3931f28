// Usage on the wire, and what of it ends up on the bill.

import type { BilledUsage } from "./billing.ts";
import type { CachePlan } from "./cache.ts";
import type { ServedReply } from "./reply.ts";

export type UsageJson = Readonly<Record<string, unknown>>;

/** As `message_start` has it: the prompt is known, the reply is not. */
export function startUsage(plan: CachePlan): UsageJson {
  return {
    input_tokens: plan.inputTokens,
    cache_creation_input_tokens: plan.write5mTokens + plan.write1hTokens,
    cache_read_input_tokens: plan.readTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: plan.write5mTokens,
      ephemeral_1h_input_tokens: plan.write1hTokens,
    },
    output_tokens: 0,
    service_tier: "standard",
  };
}

/** As `message_delta` has it: cumulative, and without the parts that only the start reports. */
export function finalUsage(plan: CachePlan, reply: ServedReply): UsageJson {
  const { webSearchRequests, thinkingTokens } = reply;
  return {
    input_tokens: plan.inputTokens + reply.searchTokens,
    cache_creation_input_tokens: plan.write5mTokens + plan.write1hTokens,
    cache_read_input_tokens: plan.readTokens,
    output_tokens: reply.outputTokens,
    ...(thinkingTokens > 0 ? { output_tokens_details: { thinking_tokens: thinkingTokens } } : {}),
    ...(webSearchRequests > 0
      ? { server_tool_use: { web_search_requests: webSearchRequests, web_fetch_requests: 0 } }
      : {}),
  };
}

/** What has been used once `progress` has been generated. */
export function billedUsage(plan: CachePlan, progress: ReplyProgress): BilledUsage {
  return {
    inputTokens: plan.inputTokens + progress.searchTokens,
    cacheReadTokens: plan.readTokens,
    cacheWrite5mTokens: plan.write5mTokens,
    cacheWrite1hTokens: plan.write1hTokens,
    outputTokens: progress.outputTokens,
    webSearchRequests: progress.webSearchRequests,
  };
}

export type ReplyProgress = Pick<
  ServedReply,
  "outputTokens" | "searchTokens" | "webSearchRequests"
>;

export const NOTHING_YET: ReplyProgress = {
  outputTokens: 0,
  searchTokens: 0,
  webSearchRequests: 0,
};
