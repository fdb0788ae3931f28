// What goes along when a run moves to a fresh history: all that it remembers, in one payload. Each part is bounded
// where it is taken in, so that all of them fit together at their most. In KiB of JSON:
//
//   512 task (order.ts) · 448 answer (talk.ts) · 256 snapshot (activities/open-run.ts)
//   256 unread (mail.ts: 192 and what comes beside the last) · 144 entries, and as much once more in a call that
//   is in the lane: 64 heard (mail.ts), 48 said (summary.ts) on a branch, 32 of calls that were not executed ·
//   48 said · 44 ids (mail.ts) · 32 findings (talk.ts) · 40 effects (effects.ts: 20, and why each was not undone) ·
//   16 models · 14 settled (people.ts) · 16 all else
//
// That is 1970 of 1984. A reply may call more tools than have room, and whoever signals without the client may say
// more than a hundred things: then the run moves once the model has read that.

import { jsonBytesOf } from "../json-size.ts";
import type { Order } from "./order.ts";
import type { Phase, RunState } from "./state.ts";

/** One payload of Temporal holds 2 MiB. */
export const CARRIED_BYTES_MAX = 2 * 1024 * 1024 - 64 * 1024;

export interface RunInput extends Order {
  /** Set where the run goes on in a fresh history. */
  readonly resumed?: RunState;
}

/** Null while something is in flight, or while more is to be told than fits: the model reads it first. */
export function inFreshHistory(order: Order, state: RunState): RunInput | null {
  if (!standsBetweenSteps(state.phase)) return null;
  const resumed = { ...state, execution: state.execution + 1 };
  const input = { ...order, resumed };
  return jsonBytesOf(input) > CARRIED_BYTES_MAX ? null : input;
}

function standsBetweenSteps(phase: Phase): boolean {
  if (phase.kind === "compensating") return phase.callId === null;
  return phase.kind === "ready" || phase.kind === "stopping" || phase.kind === "inLane";
}
