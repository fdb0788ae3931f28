// Which ends a run comes to by what its model said, or by a failure. Ends are values, never exceptions.

import { INTERRUPTED } from "../call.ts";
import { ACCOUNT_LIMITS, type Outcome } from "../outcome.ts";
import { modelCallsOf } from "./counts.ts";
import type { Order } from "./order.ts";
import type { Memory, RunState, Since, Trouble } from "./state.ts";

const CONTINUATIONS_MAX = 3;
const STUMBLES_MAX = 3;
const PROVIDER_PAUSES_MAX = 5;
const SPEND_LIMIT = "PROVIDER_SPEND_LIMIT";

/** Null where the run goes on. */
export function endOf(order: Order, { mail, memory }: RunState, since: Since): Outcome | null {
  switch (since.kind) {
    case "failed":
      return failure(order, since);
    case "replied":
      return memory === null ? null : endOfReply(memory, since, mail.unread.length > 0);
    case "answered":
      return endOfTrouble(memory?.talk.trouble ?? null);
    default:
      return null;
  }
}

function failure(
  { onLimit }: Order,
  { code, message }: Extract<Since, { kind: "failed" }>,
): Outcome | null {
  if (code !== SPEND_LIMIT) return { kind: "failed", code, message };
  return onLimit === "stop" ? { kind: "stopped", limit: "provider_spend", message } : null;
}

function endOfReply(
  { talk: { trouble } }: Memory,
  { stopReason, category }: Extract<Since, { kind: "replied" }>,
  isSpokenTo: boolean,
): Outcome | null {
  if (trouble !== null) return endOfTrouble(trouble);
  switch (stopReason) {
    case "end_turn":
    case "stop_sequence":
      return isSpokenTo ? null : { kind: "answered" };
    case INTERRUPTED:
      return null;
    case "refusal":
      return {
        kind: "refused",
        ...(category === null ? {} : { category }),
        message: "the model refused the task",
      };
    case "model_context_window_exceeded":
      return { kind: "stopped", limit: "request_tokens", message: "the context window is full" };
    default:
      return failed("UNKNOWN_STOP_REASON", `the reply ended with ${stopReason}`);
  }
}

function endOfTrouble(trouble: Trouble | null): Outcome | null {
  const times = trouble?.times ?? 0;
  switch (trouble?.kind) {
    case undefined:
      return null;
    case "empty":
      return times > 1 ? failed("EMPTY_REPLY", "the model answered nothing, twice") : null;
    case "cut": {
      const message = `the answer was cut ${times} times at max_tokens`;
      return times > CONTINUATIONS_MAX ? { kind: "stopped", limit: "reply_tokens", message } : null;
    }
    case "paused": {
      const message = `the provider paused the turn ${PROVIDER_PAUSES_MAX} times`;
      return times > PROVIDER_PAUSES_MAX ? failed("PROVIDER_REJECTED", message) : null;
    }
    case "unreadable": {
      const message = "the model called tools with invalid JSON three times";
      return times >= STUMBLES_MAX ? failed("TOOL_INPUT_INVALID", message) : null;
    }
  }
}

/**
 * Money that went for attempts alone, of which none brought a reply, is no limit that a caller could raise: the
 * provider failed the run. Null where that is not so.
 */
export function failedByProvider(
  { counts }: Memory,
  { limit }: Pick<Extract<Outcome, { kind: "stopped" }>, "limit">,
): Outcome | null {
  const { failure: lost } = counts;
  const isMoney = ACCOUNT_LIMITS.some((account) => account === limit);
  // Where its attempts cost nothing, others have used what it shared with them.
  const isInVain =
    lost !== null && isMoney && modelCallsOf(counts) === 0 && counts.crashTaxMicroUsd > 0;
  return isInVain ? failed(lost.code, lost.message) : null;
}

export function failed(code: string, message: string): Outcome {
  return { kind: "failed", code, message };
}

/** Whatever the run was doing: somebody cancelled it, or its time is over. */
export function calledOffAs({ calledOff, memory }: RunState): Outcome | null {
  if (calledOff === null) return null;
  if (calledOff === "cancel") return { kind: "cancelled", message: "the run was cancelled" };
  const wallClockMs = memory?.snapshot.limits.wallClockMs;
  const message = `the run took longer than ${wallClockMs} ms`;
  return { kind: "stopped", limit: "wall_clock", message };
}
