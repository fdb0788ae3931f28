// What becomes of the calls of a reply. Its content counts before its stop reason: a gateway between may say
// anything, and a call that is neither executed nor answered poisons the conversation.

import type { Reply } from "../call.ts";

/** After these the model waits for answers, whatever else it meant to say. */
const WAITS_FOR_ANSWERS: readonly string[] = [
  "tool_use",
  "end_turn",
  "stop_sequence",
  "pause_turn",
];

/**
 * `due`: each gets its answer. `cut`: the last may be half written, so none is executed. `left`: the run goes on
 * with nothing of the reply. `none`: it asks for none.
 */
export type CallsFate = "none" | "due" | "cut" | "left";

export function fateOfCalls({ toolCalls, stopReason }: Reply): CallsFate {
  if (toolCalls.length === 0) return "none";
  if (stopReason === "max_tokens") return "cut";
  return WAITS_FOR_ANSWERS.includes(stopReason) ? "due" : "left";
}
