// What viewers are told of a turn as its call is made, and of its reply, in dollars.

import type { ModelCall, Reply, Unserved } from "../domain/call.ts";
import type { PurposeKind } from "../domain/purpose.ts";
import { isFreeModel } from "../domain/model-table.ts";
import type { Warning } from "../domain/limits.ts";
import { textOf } from "../domain/message.ts";
import { usdOf } from "../domain/money.ts";
import { ACCOUNT_LIMITS } from "../domain/outcome.ts";
import type {
  BudgetWarning,
  ModelChanged,
  ModelRetrying,
  ReplyFinished,
  TurnStarted,
} from "../domain/run-event.ts";
import { costCapNow } from "../domain/run/own-cap.ts";
import { isSimulated } from "../domain/run/result.ts";
import type { RunState } from "../domain/run/state.ts";
import { promptTokens } from "../domain/usage.ts";
import type { EventBody } from "./event-body.ts";
import type { ToldRun } from "./told-run.ts";

type CallNews = EventBody<ModelRetrying | BudgetWarning | TurnStarted | ModelChanged>;

/** A call that is repeated for reasons of ours (a lost transcript, a lack of capacity) is one turn, told once. */
export class TurnView {
  #turn = 0;
  #purpose: PurposeKind = "work";
  #change = "";
  #unserved: Unserved | null = null;

  /** The newest that was told. */
  get turn(): number {
    return this.#turn;
  }

  /** In a fresh history; what waits in the batch lane was told in the one before. */
  goOn({ memory, phase }: RunState): void {
    this.#turn = memory?.counts.turn ?? 0;
    if (phase.kind === "inLane") this.#purpose = phase.call.purpose.kind;
  }

  /** The batch gave no reply; that it is tried again is told where it is. */
  lost(unserved: Unserved): void {
    this.#unserved = unserved;
  }

  /** Of a call that is about to be made, in the order in which it is told. */
  news(before: ToldRun, call: ModelCall): readonly CallNews[] {
    return [
      ...this.#again(),
      ...newWarnings(before, call),
      ...this.#started(before, call),
      ...this.#changed(call),
    ];
  }

  #again(): readonly EventBody<ModelRetrying>[] {
    const unserved = this.#unserved;
    this.#unserved = null;
    if (unserved === null) return [];
    const { code, message } = unserved;
    const again = { attempt: 1, code, message, nextAttemptAt: null };
    return [{ type: "model.retrying", turn: this.#turn, ...again }];
  }

  #started(before: ToldRun, call: ModelCall): readonly EventBody<TurnStarted>[] {
    const { turn, purpose } = call;
    // A call that was denied may have announced the turn in which the model then sums up.
    if (turn <= this.#turn && purpose.kind === this.#purpose) return [];
    [this.#turn, this.#purpose] = [turn, purpose.kind];
    return [turnStarted(before, call)];
  }

  #changed({ turn, course: { model, change } }: ModelCall): readonly EventBody<ModelChanged>[] {
    const changed = JSON.stringify([turn, model, change]);
    if (change === undefined || changed === this.#change) return [];
    this.#change = changed;
    return [{ type: "model.changed", turn, model, ...change }];
  }
}

function turnStarted(
  { state: { memory } }: ToldRun,
  { turn, purpose, course: { model } }: ModelCall,
): EventBody<TurnStarted> {
  return {
    type: "turn.started",
    turn,
    ...(purpose.kind !== "work" && { purpose: purpose.kind }),
    model,
    spentUsd: usdOf(memory?.counts.spentMicroUsd ?? 0),
    capUsd: usdOf(memory === null ? 0 : costCapNow(memory)),
    offline: isSimulated(memory),
    ...(isFreeModel(memory?.snapshot.models?.[model]) && { free: true as const }),
  };
}

function newWarnings(
  { state: { memory } }: ToldRun,
  { warnings }: ModelCall,
): readonly EventBody<BudgetWarning>[] {
  const told = memory?.warnings.filter(({ stage }) => stage !== "due") ?? [];
  const known = told.map(({ warning }) => warning.limit);
  return warnings.filter(({ limit }) => !known.includes(limit)).map(warningFacts);
}

function warningFacts({ limit, used, cap }: Warning): EventBody<BudgetWarning> {
  const type = "budget.warning";
  if (!MONEY.has(limit)) return { type, limit, used, cap };
  return { type, limit, used: usdOf(used), cap: usdOf(cap) };
}

const MONEY: ReadonlySet<string> = new Set([...ACCOUNT_LIMITS, "provider_spend"]);

export function replyFinished(
  { state: { memory } }: ToldRun,
  turn: number,
  reply: Reply,
): EventBody<ReplyFinished> {
  return {
    type: "reply.finished",
    turn,
    attempt: reply.attempt,
    model: reply.model,
    offline: reply.offline,
    ...(reply.free === true && { free: true as const }),
    ...(reply.lane === "batch" && { lane: "batch" }),
    stopReason: reply.stopReason,
    text: textOf(reply.message),
    inputTokens: promptTokens(reply.usage),
    outputTokens: reply.usage.outputTokens,
    cacheReadTokens: reply.usage.cacheReadTokens,
    ...(reply.estimated !== undefined && { estimated: reply.estimated }),
    costUsd: usdOf(reply.costMicroUsd),
    crashTaxUsd: usdOf(reply.crashTaxMicroUsd),
    spentUsd: usdOf(memory?.counts.spentMicroUsd ?? 0),
    capUsd: usdOf(reply.costCapMicroUsd),
  };
}
