// What goes along when a run moves to a fresh history: all that it remembers, where that fits. In JSON bytes at
// the most (test/unit/domain/run/carried.test.ts sums them up): task 512 KiB, answer 448, snapshot 256, unread
// 256, entries 144, said 64, ids 40, findings 32, the rest 64.

import { jsonBytesOf } from "../json-size.ts";
import type { Order } from "./order.ts";
import type { RunState } from "./state.ts";

/** One payload of Temporal holds 2 MiB. */
const PAYLOAD_BYTES_MAX = 2 * 1024 * 1024 - 64 * 1024;

export interface RunInput extends Order {
  /** Set where the run goes on in a fresh history. */
  readonly resumed?: RunState;
}

/** Null while something is in flight, or while more was said than fits: that is heard first. */
export function inFreshHistory(order: Order, state: RunState): RunInput | null {
  const { kind } = state.phase;
  if (kind !== "ready" && kind !== "stopping" && kind !== "inLane") return null;
  const resumed = { ...state, execution: state.execution + 1 };
  const input = { ...order, resumed };
  return jsonBytesOf(input) > PAYLOAD_BYTES_MAX ? null : input;
}
