// What viewers are told of a turn as it starts, of its reply, and of caps that near, in dollars. Pure.

import type { Warning } from "../domain/limits.ts";
import { textOf } from "../domain/message.ts";
import { ACCOUNT_LIMITS } from "../domain/outcome.ts";
import type { BudgetWarning, ReplyFinished, TurnStarted } from "../domain/run-event.ts";
import type { Reply } from "../domain/call.ts";
import type { RunState } from "../domain/run-state.ts";
import { promptTokens } from "../domain/usage.ts";
import { usdOf } from "../domain/money.ts";

type Envelope = "type" | "id" | "runId" | "ts" | "turn";

export function turnFacts(
  state: RunState | null,
  model = state?.snapshot.model ?? "",
): Omit<TurnStarted, Envelope> {
  return {
    model,
    spentUsd: usdOf(state?.spentMicroUsd ?? 0),
    capUsd: usdOf(state?.costCapMicroUsd ?? 0),
    offline: state?.snapshot.offline ?? false,
  };
}

export function replyFacts(reply: Reply, spentMicroUsd: number): Omit<ReplyFinished, Envelope> {
  return {
    attempt: reply.attempt,
    model: reply.model,
    ...(reply.lane === "batch" && { lane: "batch" }),
    stopReason: reply.stopReason,
    text: textOf(reply.message),
    inputTokens: promptTokens(reply.usage),
    outputTokens: reply.usage.outputTokens,
    cacheReadTokens: reply.usage.cacheReadTokens,
    costUsd: usdOf(reply.costMicroUsd),
    crashTaxUsd: usdOf(reply.crashTaxMicroUsd),
    spentUsd: usdOf(spentMicroUsd),
    capUsd: usdOf(reply.costCapMicroUsd),
  };
}

export function warningFacts({ limit, used, cap }: Warning): Omit<BudgetWarning, Envelope> {
  if (!MONEY.has(limit)) return { limit, used, cap };
  return { limit, used: usdOf(used), cap: usdOf(cap) };
}

const MONEY: ReadonlySet<string> = new Set([...ACCOUNT_LIMITS, "provider_spend"]);
