// What viewers are told of a turn as it starts, of its reply, of caps that near and of waits, in dollars. Pure.

import type { ModelCall, Reply } from "../domain/call.ts";
import type { Warning } from "../domain/limits.ts";
import { textOf } from "../domain/message.ts";
import { usdOf } from "../domain/money.ts";
import { ACCOUNT_LIMITS } from "../domain/outcome.ts";
import type {
  BudgetWarning,
  ModelChanged,
  ReplyFinished,
  TurnStarted,
} from "../domain/run-event.ts";
import type { Wait } from "../domain/run/state.ts";
import { promptTokens } from "../domain/usage.ts";
import type { EventBody } from "./event-body.ts";
import type { ToldRun } from "./told-run.ts";

export interface CallNews {
  readonly warnings: readonly EventBody<BudgetWarning>[];
  readonly turn: EventBody<TurnStarted>;
  readonly change: EventBody<ModelChanged> | null;
}

/** What a call says that is about to be made. */
export function newsOfCall({ state: { memory } }: ToldRun, call: ModelCall): CallNews {
  const { turn, purpose, course } = call;
  const known = memory?.warnings.filter(({ stage }) => stage !== "due") ?? [];
  const isNew = ({ limit }: Warning): boolean =>
    !known.some(({ warning }) => warning.limit === limit);
  const { model, change } = course;
  return {
    warnings: call.warnings.filter(isNew).map(warningFacts),
    turn: {
      type: "turn.started",
      turn,
      ...(purpose.kind !== "work" && { purpose: purpose.kind }),
      model,
      spentUsd: usdOf(memory?.counts.spentMicroUsd ?? 0),
      capUsd: usdOf(memory?.counts.costCapMicroUsd ?? 0),
      offline: memory?.snapshot.offline ?? false,
    },
    change: change === undefined ? null : { type: "model.changed", turn, model, ...change },
  };
}

function warningFacts({ limit, used, cap }: Warning): EventBody<BudgetWarning> {
  const type = "budget.warning";
  if (!MONEY.has(limit)) return { type, limit, used, cap };
  return { type, limit, used: usdOf(used), cap: usdOf(cap) };
}

const MONEY: ReadonlySet<string> = new Set([...ACCOUNT_LIMITS, "provider_spend"]);

export function replyFacts(
  reply: Reply,
  { state: { memory } }: ToldRun,
): Omit<EventBody<ReplyFinished>, "type" | "turn"> {
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
    spentUsd: usdOf(memory?.counts.spentMicroUsd ?? 0),
    capUsd: usdOf(reply.costCapMicroUsd),
  };
}

/** A run that looks again and again, and waits on for the same reason, says so once. */
export function isNewWait({ state: { wait } }: ToldRun, { reason, message }: Wait): boolean {
  return wait?.reason !== reason || wait.message !== message;
}

export function hasGoneOn(before: ToldRun, after: ToldRun): boolean {
  return before.state.wait !== null && after.state.wait === null;
}
